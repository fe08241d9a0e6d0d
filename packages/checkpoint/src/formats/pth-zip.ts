/**
 * The `.pth` format of torch >= 1.6: a zip archive `NAME/` with `data.pkl` (the object, a pickle), `data/KEY` (the
 * bytes of each storage), `version`, and `byteorder` since torch 2.1.
 */
import type { Budget } from '../bytes/budget.js';
import { ByteReader } from '../bytes/reader.js';
import { checkpointError, corrupt, quote } from '../errors.js';
import { resolveGlobal } from '../pickle/globals.js';
import { PICKLE_LIMITS, PickleMeter } from '../pickle/limits.js';
import { parseStorageId } from '../pickle/rebuild.js';
import { unpickle } from '../pickle/unpickler.js';
import { otherArchive } from './lookalikes.js';
import type { PickledFile } from './storages.js';
import { readZipDirectory, readZipEntry, type ZipEntry } from './zip.js';

/** Reads the object; storages are read when they are asked for. */
export function readPthZip(
  bytes: Uint8Array,
  options: { readonly budget: Budget; readonly verify: boolean },
): PickledFile {
  const entries = readZipDirectory(bytes);
  const other = otherArchive(entries.keys());
  if (other !== undefined) throw other;
  const pickle = findPickle(entries);
  const folder = pickle.name.slice(0, -'data.pkl'.length);
  const byteorder = entries.get(`${folder}byteorder`);
  // "big" and no more; whatever else stands there is not worth a second way to fail.
  if (byteorder?.size === 3) {
    throw checkpointError(
      'CHECKPOINT_UNSUPPORTED',
      'The file was written on a big-endian machine.',
      'Load it there and save it as safetensors.',
    );
  }
  const root = unpickle(new ByteReader(readZipEntry(bytes, pickle, options), 'The pickle'), {
    meter: new PickleMeter(PICKLE_LIMITS, bytes.length),
    persistentLoad: (id) => parseStorageId(id, resolveGlobal),
  });
  const read = new Map<string, Uint8Array>();
  return {
    root,
    storages: (key) => {
      const known = read.get(key);
      if (known !== undefined) return known;
      const entry = entries.get(`${folder}data/${key}`);
      if (entry === undefined) throw corrupt(`The archive has no storage ${quote(key)}, which a tensor needs.`);
      const content = readZipEntry(bytes, entry, options);
      read.set(key, content);
      return content;
    },
  };
}

function findPickle(entries: ReadonlyMap<string, ZipEntry>): ZipEntry {
  let found: ZipEntry | undefined;
  for (const entry of entries.values()) {
    if (entry.name !== 'data.pkl' && !entry.name.endsWith('/data.pkl')) continue;
    if (entry.name.length === found?.name.length) {
      throw corrupt(`The archive has two objects, ${quote(found.name)} and ${quote(entry.name)}.`);
    }
    if (found === undefined || entry.name.length < found.name.length) found = entry;
  }
  if (found !== undefined) return found;
  const names = [...entries.keys()].slice(0, 5).map(quote);
  throw checkpointError(
    'CHECKPOINT_UNKNOWN_FORMAT',
    `The file is a zip archive without data.pkl, so torch.save did not write it. It holds ${names.join(', ') || 'nothing'}.`,
    'If the checkpoint is in this archive, unpack it and give the .pth or .safetensors file inside.',
    { entries: entries.size },
  );
}
