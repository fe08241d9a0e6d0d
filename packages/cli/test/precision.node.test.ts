/** `--precision`: what it computes with is said, and `half` is `fast` where the adapter has no float16. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeSafetensors } from '@infnet/checkpoint';
import { readNpy } from '@infnet/data';
import { relL2 } from '@infnet/testing';
import { describe, expect, it } from 'vitest';
import { infnet, phantomPng, recipeWeights, SMALL, temporaryFolder, write } from './support.js';

const folder = temporaryFolder();
write(folder, {
  'w.safetensors': writeSafetensors([...recipeWeights(SMALL)].map(([name, tensor]) => ({ name, ...tensor }))),
  'slice.png': phantomPng(1, 64, 64),
});

/** Segments the slice; the logits, what it was computed with, and what was said. */
async function segment(precision: string) {
  const out = join(folder, precision);
  const ran = await infnet([
    ...['segment', join(folder, 'slice.png'), '--weights', join(folder, 'w.safetensors'), '--out', out, '--size', '64'],
    ...['--format', 'npy', '--precision', precision, '--json'],
  ]);
  expect(ran.code, ran.stderr).toBe(0);
  const { settings } = JSON.parse(ran.stdout);
  const logits = readNpy(new Uint8Array(readFileSync(join(out, 'slice.logits.npy')))).data as Float32Array;
  return { precision: settings.precision, logits, stderr: ran.stderr };
}

describe('--precision', () => {
  it('half takes float16 weights where the adapter can, and says so where it takes fast', async () => {
    const [exact, half] = [await segment('exact'), await segment('half')];
    expect(exact.precision).toBe('exact');
    expect(exact.stderr).not.toContain('precision');
    const error = relL2(half.logits, exact.logits);
    if (half.precision === 'half') {
      expect(half.stderr).not.toContain('precision half');
      expect(error).toBeGreaterThan(1e-4);
      expect(error).toBeLessThan(5e-3);
    } else {
      expect(half.precision).toBe('fast');
      expect(half.stderr).toContain(
        'precision half is not to be had here, fast is taken: the device has no shader-f16',
      );
      expect(error).toBeLessThan(1e-4);
    }
  });

  it('takes no other word, and goes with predicting only', async () => {
    const other = await infnet(['segment', 'x', '--weights', 'w', '--out', 'o', '--precision', 'double']);
    expect(other.code).toBe(2);
    expect(other.stderr).toMatch(/--precision.*exact, fast, half/s);
    const files = await infnet(['evaluate', '--pred', 'p', '--gt', 'g', '--precision', 'half']);
    expect(files.code).toBe(2);
    expect(files.stderr).toMatch(/--pred, --gt is for files that are there, --precision for predicting/);
  });
});
