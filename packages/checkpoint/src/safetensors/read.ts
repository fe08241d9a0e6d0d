import { Budget } from '../bytes/budget.js';
import { locate } from '../errors.js';
import { detectFormat } from '../formats/detect.js';
import { otherFile, requireBytes } from '../formats/lookalikes.js';
import { dtypeLayout } from '../tensors/dtype.js';
import { contiguousStrides } from '../tensors/geometry.js';
import { materialize } from '../tensors/materialize.js';
import type { Checkpoint, CheckpointTensor, ReadOptions } from '../types.js';
import { verifyChecksum } from './checksum.js';
import { readHeader } from './header.js';

/**
 * Reads a safetensors file. Tensors are views of `bytes` where alignment allows; see {@link ReadOptions.copy}.
 *
 * @param bytes the whole file
 * @throws InfnetError `CHECKPOINT_CORRUPT` (header is not JSON, equal keys, overlap, gap, shape against bytes, another
 *   checksum than the metadata say),
 *   `CHECKPOINT_TRUNCATED`, `CHECKPOINT_UNSUPPORTED` (a dtype that is not read), `CHECKPOINT_LIMIT`,
 *   `CHECKPOINT_UNKNOWN_FORMAT`
 */
export function readSafetensors(bytes: Uint8Array, options: ReadOptions = {}): Checkpoint {
  return locate(options.file, () => {
    requireBytes(bytes);
    const other = detectFormat(bytes) === 'safetensors' ? undefined : otherFile(bytes);
    if (other !== undefined) throw other;
    const header = readHeader(bytes);
    const data = bytes.subarray(header.dataStart);
    const context = { budget: Budget.forFile(bytes.length, options.maxDecodedBytes), copy: options.copy ?? false };
    if (options.verify !== false) {
      const stored = header.tensors.map(({ name, dtype, shape, begin, end }) => {
        return { name, dtype: dtypeLayout(dtype).safetensors, shape, bytes: data.subarray(begin, end) };
      });
      verifyChecksum(stored, header.metadata);
    }
    const tensors = new Map<string, CheckpointTensor>();
    for (const { name, dtype, shape, begin, end } of header.tensors) {
      const geometry = { shape, strides: contiguousStrides(shape), offset: 0 };
      tensors.set(name, { name, shape, dtype, data: materialize(data.subarray(begin, end), dtype, geometry, context) });
    }
    const metadata = new Map(header.metadata);
    return { format: 'safetensors', tensors, metadata, path: [], strippedPrefix: '', skipped: [] };
  });
}
