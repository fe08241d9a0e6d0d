/** The first face: kernel calls as plain data, run here as somebody else's WebGPU program would run them. */
import { describeCall, kernelVariant } from '@infnet/core/kernels';
import { expectClose } from '@infnet/testing';
import { describe, expect, it } from 'vitest';
import {
  addCall,
  avgPool2dCall,
  batchNorm2dCall,
  copyCall,
  interpolateCall,
  maxPool2dCall,
  normCall,
  pad2dCall,
  reluCall,
  sigmoidCall,
  softmaxCall,
} from '../src/kernels.js';
import { array64 } from './reference/array.js';
import { norm, ofChannels, ofPositions } from './reference/norms.js';
import * as reference from './reference/operators.js';
import { exact, random, useContext } from './support/harness.js';
import { type Run, runCall } from './support/run-call.js';

const context = useContext();

const runAlone = (...given: Run): Promise<Float32Array> => runCall(context(), ...given);

describe('kernel calls on foreign buffers', () => {
  const shape = [2, 3, 4, 5] as const;
  const x = random('x', shape);

  it('relu and sigmoid', async () => {
    const y = await runAlone(reluCall({ shape }), { x: x.data, y: 120 }, 'y');
    expectClose(y, reference.relu(exact(x)).data, { maxAbs: 0 });
    const s = await runAlone(sigmoidCall({ shape }), { x: x.data, y: 120 }, 'y');
    expectClose(s, reference.sigmoid(exact(x)).data, { relL2: 1e-6 });
  });

  it('add with broadcasting', async () => {
    const b = random('b', [3, 1, 1]);
    const y = await runAlone(addCall({ a: shape, b: b.shape }), { a: x.data, b: b.data, y: 120 }, 'y');
    expectClose(y, reference.binary(exact(x), exact(b), (p, q) => Math.fround(p + q)).data, { maxAbs: 0 });
  });

  it('batch norm with all four figures in one buffer', async () => {
    const figures = Float32Array.of(1, 2, 3, 0.1, 0.2, 0.3, -1, 0, 1, 0.5, 1, 2);
    const offsets = { weight: 0, bias: 3, mean: 6, variance: 9 };
    const operands = { x: x.data, weight: figures, bias: figures, mean: figures, variance: figures, y: 120 };
    const y = await runAlone(batchNorm2dCall({ shape, offsets }), operands, 'y');
    const part = (from: number) => figures.subarray(from, from + 3);
    const expected = reference.batchNorm(exact(x), array64([3], part(0)), array64([3], part(3)), part(6), part(9));
    expectClose(y, expected.data, { relL2: 1e-6 });
  });

  it('group norm and what follows, and layer norm over channels', async () => {
    const figures = Float32Array.of(1, 2, 3, 0.1, 0.2, 0.3);
    const offsets = { weight: 0, bias: 3 };
    const operands = { x: x.data, weight: figures, bias: figures, statistics: 3 * 40, y: 120 };
    const affine = [array64([3], figures.subarray(0, 3)), array64([3], figures.subarray(3))] as const;
    const y = await runAlone(normCall({ shape, over: { groups: 3 }, slope: 0, offsets }), operands, 'y');
    expectClose(y, reference.relu(norm(exact(x), ofChannels(shape, 3), ...affine)).data, { maxAbsOfMax: 1e-6 });
    const z = await runAlone(normCall({ shape, over: 'channels', offsets }), operands, 'y');
    expectClose(z, norm(exact(x), ofPositions(shape), ...affine).data, { maxAbsOfMax: 1e-6 });
  });

  it('pooling, resizing, padding, softmax', async () => {
    const window = { kernel: [3, 2], stride: [2, 1], padding: [1, 0], dilation: [1, 1], ceilMode: false } as const;
    const most = await runAlone(maxPool2dCall({ shape, ...window }), { x: x.data, y: 48 }, 'y');
    expectClose(most, reference.maxPool(exact(x), window).data, { maxAbs: 0 }, 'max');
    const mean = await runAlone(avgPool2dCall({ shape, ...window, countIncludePad: true }), { x: x.data, y: 48 }, 'y');
    expectClose(mean, reference.avgPool(exact(x), window, true).data, { relL2: 1e-6 }, 'mean');
    const size = [7, 3] as const;
    const large = await runAlone(
      interpolateCall({ shape, size, alignCorners: true, ratio: undefined }),
      { x: x.data, y: 126 },
      'y',
    );
    expectClose(large, reference.bilinear(exact(x), size, true).data, { maxAbs: 1e-6 }, 'resize');
    const padded = await runAlone(
      pad2dCall({ shape, top: 1, bottom: 0, left: -1, right: 2 }),
      { x: x.data, y: 180 },
      'y',
    );
    expectClose(padded, reference.pad(exact(x), 1, 0, -1, 2).data, { maxAbs: 0 }, 'pad');
    const shares = await runAlone(softmaxCall({ shape }), { x: x.data, y: 120 }, 'y');
    expectClose(shares, reference.softmax(exact(x)).data, { relL2: 1e-6 }, 'softmax');
  });

  it('a range of a larger buffer is read and written where it is said to lie', async () => {
    const call = reluCall({ shape: [2, 5], x: { offset: 3, batchStride: 7 }, y: { offset: 1, batchStride: 6 } });
    const data = random('data', [20]).data;
    const y = await runAlone(call, { x: data, y: 14 }, 'y');
    const expected = Array.from({ length: 14 }, (_, i) => {
      const [n, e] = [Math.floor((i - 1) / 6), (i - 1) % 6];
      return i > 0 && e < 5 && n < 2 ? Math.max(0, data[3 + 7 * n + e] as number) : 0;
    });
    expectClose(y, expected, { maxAbs: 0 });
  });

  it('a copy inside one buffer binds it once', async () => {
    const data = random('data', [20]).data;
    const places = { batchStride: 10, rowStride: 0 };
    const call = copyCall({
      batch: 2,
      rows: 1,
      length: 4,
      x: { offset: 0, ...places },
      y: { offset: 5, ...places },
      inPlace: true,
    });
    expect(describeCall(call).bindings.map(({ name }) => name)).toEqual(['y']);
    const expected = data.map((v, i) => (i % 10 >= 5 && i % 10 < 9 ? (data[i - 5] as number) : v));
    expectClose(await runAlone(call, { y: data }, 'y'), expected, { maxAbs: 0 });
  });
});

describe('more than 65535 workgroups', () => {
  it('go on in a second row', async () => {
    const size = [2080, 2080] as const;
    const call = interpolateCall({ shape: [1, 1, 2, 2], size, alignCorners: true, ratio: undefined });
    expect(call.workgroups[1]).toBe(2);
    const x = Float32Array.of(0, 1, 2, 3);
    const y = await runAlone(call, { x, y: 2080 * 2080 }, 'y');
    const worst = y.reduce((most, v, i) => {
      const expected = (2 * Math.floor(i / 2080) + (i % 2080)) / 2079;
      return Math.max(most, Math.abs(v - expected));
    }, 0);
    expect(worst).toBeLessThan(1e-5);
  });
});

describe('loops', () => {
  it('merge to as few as the operands allow, and share the loads of what is repeated', () => {
    const constants = (a: number[], b: number[]) => addCall({ a, b }).constants;
    expect(constants([2, 3, 4, 4], [2, 3, 4, 4])).toMatchObject({ NESTED: 0, ROWS: 0, VECTOR: 4 });
    expect(constants([2, 1, 4, 4], [2, 3, 4, 4])).toMatchObject({
      NESTED: 1,
      ROWS: 1,
      A_FIXED: 1,
      B_FIXED: 0,
      VECTOR: 4,
    });
    expect(constants([2, 3, 4, 4], [3, 1, 1])).toMatchObject({ ROWS: 0, B_FIXED: 1, B_SPLAT: 1, VECTOR: 4 });
    expect(constants([2, 3, 11, 11], [2, 3, 11, 11])).toMatchObject({ NESTED: 0, VECTOR: 1 });
  });
});

describe('calls are plain data', () => {
  it('that survives a copy, and equal calls share their text', () => {
    const call = addCall({ a: [2, 8], b: [8], relu: true });
    expect(JSON.parse(JSON.stringify(call))).toEqual(call);
    const again = addCall({ a: [4, 16], b: [16], relu: true });
    expect(kernelVariant(again.kernel, again.constants)).toBe(kernelVariant(call.kernel, call.constants));
    expect(call.flops).toBe(32);
    expect(call.bytes).toBe(4 * (16 + 16 + 8));
  });
});
