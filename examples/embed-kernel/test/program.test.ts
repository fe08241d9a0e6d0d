import { open } from '@infnet/core';
import { expect, it } from 'vitest';
import { type ProgramInputs, runProgram } from '../src/program.js';
import { recordDevice } from './recorder.js';

const wave = (count: number, step: number) =>
  Float32Array.from({ length: count }, (_, i) => Math.fround(Math.sin(i * step)));
const inputs: ProgramInputs = { features: wave(192, 0.7), weight: wave(162, 0.9), logits: wave(16, 1.3) };

/**
 * The same in float64: convolution with padding 1, relu, times 1 - sigmoid of the logits enlarged twice (half-pixel
 * centres).
 */
function reference({ features, weight, logits }: ProgramInputs): number[] {
  const at = (data: Float32Array, c: number, y: number, x: number, size: number): number =>
    y < 0 || x < 0 || y >= size || x >= size ? 0 : (data[(c * size + y) * size + x] as number);
  const sample = (position: number): [number, number, number] => {
    const place = Math.max(0, (position + 0.5) / 2 - 0.5);
    const low = Math.floor(place);
    return [low, Math.min(low + 1, 3), place - low];
  };
  const out: number[] = [];
  for (let oc = 0; oc < 6; oc++) {
    for (let y = 0; y < 8; y++) {
      for (let x = 0; x < 8; x++) {
        let sum = 0;
        for (let ic = 0; ic < 3; ic++) {
          for (let k = 0; k < 9; k++) {
            const w = weight[(oc * 3 + ic) * 9 + k] as number;
            sum += w * at(features, ic, y + Math.floor(k / 3) - 1, x + (k % 3) - 1, 8);
          }
        }
        const [y0, y1, fy] = sample(y);
        const [x0, x1, fx] = sample(x);
        const top = at(logits, 0, y0, x0, 4) * (1 - fx) + at(logits, 0, y0, x1, 4) * fx;
        const bottom = at(logits, 0, y1, x0, 4) * (1 - fx) + at(logits, 0, y1, x1, 4) * fx;
        const logit = top * (1 - fy) + bottom * fy;
        out.push(Math.max(0, sum) * (1 - 1 / (1 + Math.exp(-logit))));
      }
    }
  }
  return out;
}

it('runs two infnet kernels on a device of its own, and they are right', async () => {
  using context = await open({ onMessage: () => {} });
  const result = await runProgram(context.device, inputs);
  for (const [i, value] of reference(inputs).entries()) expect(result[i]).toBeCloseTo(value, 5);
});

it('makes every buffer, copy and submit itself: infnet adds none', async () => {
  using context = await open({ onMessage: () => {} });
  const { device, calls } = recordDevice(context.device);
  await runProgram(device, inputs);
  expect(calls).toEqual([
    'createBuffer features',
    'createBuffer weight',
    'createBuffer logits',
    'createBuffer convolved',
    'createBuffer attended',
    'createBuffer readback',
    // The uniform blocks: made by this program's kernel-pass.ts, not by infnet.
    expect.stringMatching(/^createBuffer conv\/.* parameters$/),
    'createBuffer reverse-attention/reverse-attention parameters',
    'createCommandEncoder',
    'copyBufferToBuffer attended',
    'submit',
    'mapAsync',
    ...Array.from({ length: 6 }, () => 'destroy'),
  ]);
});
