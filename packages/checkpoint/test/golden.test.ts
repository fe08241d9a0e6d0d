import { readFixture, thrownBy } from '@infnet/testing';
import { describe, expect, it } from 'vitest';
import { readCheckpoint, readSafetensors } from '../src/index.js';

const read = (name: string): Promise<Uint8Array> => readFixture(`golden/checkpoints/${name}`);

describe('checkpoints of torch 1.13', () => {
  const same: readonly (readonly [file: string, expected: string, format: string])[] = [
    ['small_zip.pth', 'expected_small', 'pth-zip'],
    ['small_legacy.pth', 'expected_small', 'pth-legacy'],
    ['small_dataparallel.pth', 'expected_small', 'pth-zip'],
    ['small_wrapped.pth', 'expected_small', 'pth-zip'],
    ['mixed_zip.pth', 'expected_mixed', 'pth-zip'],
    ['mixed_legacy.pth', 'expected_mixed', 'pth-legacy'],
  ];
  for (const [file, expected, format] of same) {
    it(`${file} has the values of ${expected}.safetensors`, async () => {
      const checkpoint = readCheckpoint(await read(file));
      const wanted = readSafetensors(await read(`${expected}.safetensors`)).tensors;
      expect(checkpoint.format).toBe(format);
      expect([...checkpoint.tensors.keys()].sort()).toEqual([...wanted.keys()].sort());
      for (const [name, tensor] of wanted) {
        const found = checkpoint.tensors.get(name);
        expect(found?.name).toBe(name);
        expect(found?.shape, name).toEqual(tensor.shape);
        expect(found?.data, name).toEqual(tensor.data);
      }
    });
  }

  it('keeps the original types beside the widened data', async () => {
    const { tensors } = readCheckpoint(await read('mixed_zip.pth'));
    expect(Object.fromEntries([...tensors].map(([name, { dtype }]) => [name, dtype]))).toEqual({
      half: 'float16',
      bf16: 'bfloat16',
      double: 'float64',
      u8: 'uint8',
      boolean: 'bool',
      transposed: 'float32',
      row_view: 'float32',
      col_view: 'float32',
      shared_a: 'float32',
      scalar: 'float32',
      empty: 'float32',
    });
  });

  it('says where the state dict was, and keeps what stood beside it', async () => {
    const wrapped = readCheckpoint(await read('small_wrapped.pth'));
    expect(wrapped.path).toEqual(['state_dict']);
    expect(wrapped.metadata.get('epoch')).toBe(7);
    const parallel = readCheckpoint(await read('small_dataparallel.pth'));
    expect(parallel.strippedPrefix).toBe('module.');
    const kept = readCheckpoint(await read('small_dataparallel.pth'), { stripModulePrefix: false });
    expect([...kept.tensors.keys()].every((name) => name.startsWith('module.'))).toBe(true);
  });

  const refused: readonly (readonly [file: string, name: string])[] = [
    ['whole_module.pth', 'torch.nn.modules.container.Sequential'],
    ['evil_zip.pth', 'posix.system'],
    ['evil_legacy.pth', 'posix.system'],
  ];
  for (const [file, name] of refused) {
    it(`${file} is refused because it names ${name}`, async () => {
      const bytes = await read(file);
      const error = thrownBy(() => readCheckpoint(bytes, { file }));
      expect(error.code).toBe('CHECKPOINT_FORBIDDEN_GLOBAL');
      expect(error.message).toContain(`"${name}"`);
      expect(error.details['global']).toBe(name);
      expect(error.where).toBe(file);
      expect(error.fix).toContain('state_dict()');
    });
  }

  it('truncated.pth is told to be cut off', async () => {
    const bytes = await read('truncated.pth');
    const error = thrownBy(() => readCheckpoint(bytes));
    expect(error.code).toBe('CHECKPOINT_TRUNCATED');
    expect(error.message).toContain('cut off after 1946 bytes');
  });
});
