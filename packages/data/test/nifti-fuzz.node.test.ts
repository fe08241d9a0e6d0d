/**
 * Whatever the bytes: an `InfnetError`, or a volume that is whole. In Node only: thousands of files, and a browser has
 * the same engine.
 */
import { gzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { readNifti } from '../src/index.js';
import { fixture } from './fixtures/nifti.js';

/** The code of the refusal, or `undefined` for a volume, which must hold together. */
function outcome(bytes: Uint8Array): string | undefined {
  try {
    const { width, height, depth, data, affine, header, version } = readNifti(bytes, 'fuzz', { maxBytes: 2 ** 24 });
    if (
      data.length !== width * height * depth ||
      affine.length !== 16 ||
      header.length !== (version === 1 ? 348 : 540)
    ) {
      throw new Error(`a volume that is none: ${width}x${height}x${depth} with ${data.length} values`);
    }
    return undefined;
  } catch (error) {
    if (error instanceof Error && error.name === 'InfnetError') return (error as Error & { code: string }).code;
    throw error;
  }
}

/** Park and Miller's generator: the same numbers everywhere. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48271) % 2147483647;
    return state % below;
  };
}

const NAMES = ['int16-le.nii', 'float32-be.nii', 'extension.nii', 'nifti2-be.nii', 'scaled.nii.gz', 'nifti2-le.nii.gz'];

describe('damaged volumes', () => {
  it.each(NAMES)('%s, cut at every length', (name) => {
    const { bytes } = fixture(name);
    expect(outcome(bytes)).toBeUndefined();
    for (let length = 0; length < bytes.length; length++) {
      const code = outcome(bytes.subarray(0, length));
      // A compressed file that lacks a part of its checksum alone has all its voxels, and reads as damaged.
      const lacksChecksum = name.endsWith('.gz') && length > bytes.length - 10;
      const expected =
        length === 0 ? ['DATA_EMPTY'] : lacksChecksum ? ['DATA_CORRUPT', 'DATA_TRUNCATED'] : ['DATA_TRUNCATED'];
      expect(expected, `${length} bytes`).toContain(code);
    }
  });

  it.each(NAMES)('%s, with bytes changed', (name) => {
    const { bytes } = fixture(name);
    const random = generator(name.length * 7919);
    const seen = new Map<string, number>();
    for (let round = 0; round < 1500; round++) {
      const damaged = bytes.slice();
      for (let n = 1 + random(4); n > 0; n--) damaged[random(damaged.length)] = random(256);
      const code = outcome(damaged) ?? 'volume';
      seen.set(code, (seen.get(code) ?? 0) + 1);
    }
    // Compressed files have checksums over all they hold, so hardly any change goes unnoticed; others have none.
    expect(seen.get(name.endsWith('.gz') ? 'DATA_CORRUPT' : 'volume')).toBeGreaterThan(100);
  });

  it('the decoded bytes of a compressed file changed, its checksums right', () => {
    const { bytes } = fixture('int16-le.nii');
    const random = generator(5);
    const seen = new Set<string>();
    for (let round = 0; round < 1500; round++) {
      const damaged = bytes.slice();
      damaged[random(352)] = random(256);
      seen.add(outcome(gzipSync(damaged, { level: 1 })) ?? 'volume');
    }
    expect([...seen]).toEqual(expect.arrayContaining(['volume', 'DATA_NIFTI', 'DATA_NIFTI_TYPE', 'DATA_TRUNCATED']));
  });
});
