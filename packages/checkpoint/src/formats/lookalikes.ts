/** What arrives in place of checkpoints: told by its name, with what to do about it. */
import { latin1 } from '../bytes/text.js';
import { checkpointError, FIX, quote } from '../errors.js';
import { detectFormat } from './detect.js';

const GIVE = 'Give the file of weights: .pth or .safetensors.';
const EXPORT = 'Export the weights from PyTorch as .pth or .safetensors.';
const UNPACK = 'Unpack it first, and give the .pth or .safetensors file that is in it.';

const DOWNLOAD = 'The download gave a page instead of the file; open the link in a browser and save the file.';

/** Bytes as Latin-1, and where they stand. */
type Signature = readonly [at: number, bytes: string];

/** What a file is, all signatures by which it is told, and what to do. */
type Lookalike = readonly [signs: readonly Signature[], what: string, fix: string];

const start = (bytes: string): readonly Signature[] => [[0, bytes]];

const LOOKALIKES: readonly Lookalike[] = [
  [start('version https://git-lfs'), 'a Git LFS pointer', 'Fetch the file itself: git lfs pull.'],
  [start('<'), 'a web page', DOWNLOAD],
  [start('\x1f\x8b'), 'compressed by gzip', 'Unpack it first (gunzip).'],
  [start('BZh'), 'compressed by bzip2', 'Unpack it first (bunzip2).'],
  [start('\xfd7zXZ\x00'), 'compressed by xz', 'Unpack it first (unxz).'],
  [start('\x28\xb5\x2f\xfd'), 'compressed by zstd', 'Unpack it first (unzstd).'],
  [start('7z\xbc\xaf\x27\x1c'), 'a 7-Zip archive', UNPACK],
  [start('Rar!\x1a\x07'), 'a RAR archive', UNPACK],
  [start('\x89PNG'), 'a PNG image', GIVE],
  [start('\xff\xd8\xff'), 'a JPEG image', GIVE],
  [start('GIF8'), 'a GIF image', GIVE],
  [
    [
      [0, 'BM'],
      [6, '\0\0\0\0'],
    ],
    'a BMP image',
    GIVE,
  ],
  [start('II\x2a\0'), 'a TIFF image', GIVE],
  [start('MM\0\x2a'), 'a TIFF image', GIVE],
  [
    [
      [0, 'RIFF'],
      [8, 'WEBP'],
    ],
    'a WebP image',
    GIVE,
  ],
  [[[128, 'DICM']], 'a DICOM file', GIVE],
  [[[344, 'n+1\0']], 'a NIfTI volume', GIVE],
  [[[344, 'ni1\0']], 'a NIfTI header', GIVE],
  [start('NRRD000'), 'an NRRD volume', GIVE],
  [start('%PDF'), 'a PDF', GIVE],
  [start('\x89HDF'), 'an HDF5 file (Keras or TensorFlow .h5)', EXPORT],
  [start('\x93NUMPY'), 'a NumPy array', EXPORT],
  [start('MATLAB 5.0'), 'a MATLAB file', EXPORT],
  [start('GGUF'), 'a GGUF file (llama.cpp)', EXPORT],
  [[[4, 'TFL3']], 'a TensorFlow Lite model', EXPORT],
  [start('\x08\x01\x12'), 'a TensorFlow SavedModel', EXPORT],
  [
    [[257, 'ustar']],
    'a tar archive (torch before 0.1.12, or packed afterwards)',
    'If it is packed, unpack it and give the file that is in it. If torch wrote it: load it with an old torch and save it again.',
  ],
  [start('\x80'), 'a pickle that torch.save did not write', FIX.resave],
];

/** Things that are told from their text. */
const TEXTS: readonly (readonly [pattern: RegExp, what: string, fix: string])[] = [
  [/^\s*<(!doctype|html|head|body|\?xml|!--)/i, 'a web page', DOWNLOAD],
  [
    /^\s*\{[\s\S]*"(weight_map|total_size)"/,
    'the index of a checkpoint in several files (shards)',
    'Join the files that it names into one: in Python, put their dictionaries together and save them with safetensors.torch.save_file.',
  ],
  [/^\s*[{[]\s*["{[\]}\d-]/, 'JSON', 'Give the file of weights, not its configuration or an error message.'],
];

/**
 * An ONNX model is a protocol buffer that begins with its version, below 32, and goes on with one of the fields 2 to 8.
 */
function isOnnx(bytes: Uint8Array): boolean {
  const [field, version = 0, next = 0] = bytes;
  return field === 0x08 && version > 1 && version < 32 && [0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42].includes(next);
}

/** How much of the file is looked at. */
const HEAD = 4096;

/** The refusal of bytes whose format is not known, with a guess at what they are. */
export function unknownFormat(bytes: Uint8Array): Error {
  const head = latin1(bytes.subarray(0, HEAD));
  const guess = lookalike(bytes);
  const length = `${bytes.length} ${bytes.length === 1 ? 'byte' : 'bytes'}`;
  const first = Array.from(bytes.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  const zeros = bytes.length > 0 && bytes.every((byte) => byte === 0);
  const text = /^[\t\r\n -~]{4,}$/.test(head) ? head.slice(0, 60) : undefined;
  let message = `The file (${length}, starting with ${first}) is neither a .pth file nor safetensors.`;
  if (bytes.length === 0) message = 'The file is empty.';
  else if (guess !== undefined) message = `The file (${length}) is ${guess[0]}, not a checkpoint.`;
  else if (zeros) message = `The file has ${length}, all of them zero: a download that was never filled.`;
  else if (text !== undefined)
    message = `The file (${length}) is text, not a checkpoint. It begins with ${quote(text)}.`;
  return checkpointError('CHECKPOINT_UNKNOWN_FORMAT', message, guess?.[1] ?? FIX.download, {
    length: bytes.length,
    first,
  });
}

/**
 * What bytes are that should be safetensors: a `.pth` file, or something that is told by its name; undefined for
 * anything else.
 */
export function otherFile(bytes: Uint8Array): Error | undefined {
  const format = detectFormat(bytes);
  if (format === undefined || format === 'safetensors') {
    return bytes.length === 0 || lookalike(bytes) !== undefined ? unknownFormat(bytes) : undefined;
  }
  return checkpointError(
    'CHECKPOINT_UNKNOWN_FORMAT',
    'The file is a .pth file of torch.save or another zip archive, not safetensors.',
    'Read it by readCheckpoint, which takes both.',
  );
}

/** @throws InfnetError `CHECKPOINT_UNKNOWN_FORMAT` for anything but a Uint8Array */
export function requireBytes(value: unknown): asserts value is Uint8Array {
  if (value instanceof Uint8Array || Object.prototype.toString.call(value) === '[object Uint8Array]') return;
  throw checkpointError(
    'CHECKPOINT_UNKNOWN_FORMAT',
    `A checkpoint is read from a Uint8Array, not from ${Object.prototype.toString.call(value)}.`,
    'Pass the bytes of the file: new Uint8Array(await response.arrayBuffer()) in a page, await readFile(name) in Node.',
  );
}

function lookalike(bytes: Uint8Array): readonly [what: string, fix: string] | undefined {
  const head = latin1(bytes.subarray(0, HEAD));
  const [, ...text] = TEXTS.find(([pattern]) => pattern.test(head.replace(/^\xef\xbb\xbf/, ''))) ?? [];
  if (text.length === 2) return text;
  if (isOnnx(bytes)) {
    const fix = 'infnet writes ONNX and does not read it: give the .pth or .safetensors file from which it was made.';
    return ['an ONNX model', fix];
  }
  const [, ...known] = LOOKALIKES.find(([signs]) => signs.every(([at, sign]) => head.startsWith(sign, at))) ?? [];
  return known.length === 2 ? known : undefined;
}

/** Zip archives that are not checkpoints, by the names in them. */
const ARCHIVES: readonly (readonly [entry: RegExp, what: string, fix: string])[] = [
  [
    /(^|\/)(constants\.pkl|bytecode\.pkl)$|(^|\/)code\/.*\.py$/,
    'a TorchScript program (torch.jit.save)',
    'In Python, where you trust the file: torch.save(torch.jit.load("file.pt").state_dict(), "weights.pth").',
  ],
  [
    /(^|\/)(archive_format|serialized_exported_program\.json|models\/.*\.json)$/,
    'a program of torch.export (.pt2)',
    'In Python, where you trust the file: torch.save(dict(torch.export.load("file.pt2").state_dict), "weights.pth").',
  ],
  [/(^|\/)model\.weights\.h5$/, 'a Keras model', EXPORT],
  [/(^|\/)saved_model\.pb$/, 'a TensorFlow SavedModel', EXPORT],
  [/^\[Content_Types\]\.xml$/, 'an Office document', GIVE],
  [/\.npy$/, 'an archive of NumPy arrays (.npz)', EXPORT],
];

/** The refusal of a zip archive that torch.save did not write; undefined if its names do not tell what it is. */
export function otherArchive(names: Iterable<string>): Error | undefined {
  // No archive has longer ones, over which an expression could go again and again.
  const all = [...names].filter((name) => name.length <= 1000);
  for (const [entry, what, fix] of ARCHIVES) {
    if (!all.some((name) => entry.test(name))) continue;
    return checkpointError('CHECKPOINT_UNKNOWN_FORMAT', `The file is ${what}, not a checkpoint.`, fix, { what });
  }
  return undefined;
}
