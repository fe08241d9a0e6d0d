import { Budget } from './bytes/budget.js';
import { locate } from './errors.js';
import { detectFormat } from './formats/detect.js';
import { requireBytes, unknownFormat } from './formats/lookalikes.js';
import { readPthLegacy } from './formats/pth-legacy.js';
import { readPthZip } from './formats/pth-zip.js';
import { findStateDict, isPlain, isRefused, keyText, refusedEntry } from './formats/state-dict.js';
import { type PickledFile, readTensor } from './formats/storages.js';
import { TensorFinder, TensorRef } from './pickle/values.js';
import { strippedPrefix, unwrappedKeys } from './prefix.js';
import { readSafetensors } from './safetensors/read.js';
import type { Checkpoint, CheckpointFormat, CheckpointTensor, ReadCheckpointOptions } from './types.js';

/**
 * Reads a checkpoint whose format is told from its bytes: `.pth` of torch >= 1.6 (zip), the older `.pth` stream, or
 * safetensors. Nothing in the file is executed; see the package's README for what a `.pth` may contain.
 *
 * Tensors are views of `bytes` where alignment allows, so keep `bytes` unchanged, or read with `copy: true`.
 *
 * @param bytes the whole file
 * @throws InfnetError, always: `CHECKPOINT_FORBIDDEN_GLOBAL` names what a pickle asked for and was refused,
 *   `CHECKPOINT_TRUNCATED`, `CHECKPOINT_CORRUPT`, `CHECKPOINT_UNKNOWN_FORMAT`, `CHECKPOINT_UNSUPPORTED`,
 *   `CHECKPOINT_LIMIT`, `CHECKPOINT_TENSOR`, `CHECKPOINT_NO_STATE_DICT`, `CHECKPOINT_AMBIGUOUS`
 */
export function readCheckpoint(bytes: Uint8Array, options: ReadCheckpointOptions = {}): Checkpoint {
  return locate(options.file, () => {
    requireBytes(bytes);
    const format = detectFormat(bytes);
    if (format === undefined) throw unknownFormat(bytes);
    const checkpoint = format === 'safetensors' ? readSafetensors(bytes, options) : readPth(bytes, format, options);
    return options.stripModulePrefix === false ? checkpoint : unwrap(checkpoint);
  });
}

function readPth(bytes: Uint8Array, format: CheckpointFormat, options: ReadCheckpointOptions): Checkpoint {
  const budget = Budget.forFile(bytes.length, options.maxDecodedBytes);
  const file: PickledFile =
    format === 'pth-zip' ? readPthZip(bytes, { budget, verify: options.verify ?? true }) : readPthLegacy(bytes);
  const { dict, path, metadata, skipped } = findStateDict(file.root, options.stateDict);
  const tensors = new Map<string, CheckpointTensor>();
  const finder = new TensorFinder();
  for (const [key, value] of dict.entries()) {
    if (typeof key === 'string' && value instanceof TensorRef) {
      const data = readTensor(value, file.storages, { budget, copy: options.copy ?? false });
      tensors.set(key, { name: key, shape: value.geometry.shape, dtype: value.dtype, data });
    } else if (isRefused(key, value, finder)) {
      throw refusedEntry(key, value);
    } else if (typeof key !== 'string' || !isPlain(value)) {
      skipped.push(keyText(key));
    }
  }
  return { format, tensors, metadata, path, strippedPrefix: '', skipped };
}

/** Without what wrappers put into the keys. */
function unwrap(checkpoint: Checkpoint): Checkpoint {
  const names = unwrappedKeys([...checkpoint.tensors.keys()]);
  const prefix = strippedPrefix(names);
  if ([...names].every(([key, name]) => key === name)) return checkpoint;
  const tensors = new Map<string, CheckpointTensor>();
  for (const [key, tensor] of checkpoint.tensors) {
    const name = names.get(key) ?? key;
    tensors.set(name, { ...tensor, name });
  }
  return { ...checkpoint, tensors, strippedPrefix: prefix };
}
