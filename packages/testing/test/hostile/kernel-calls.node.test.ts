/**
 * Every exported kernel call of every package, given what it cannot take: an `InfnetError`, never a call that runs and
 * is wrong. The calls are found by looking: one that takes something else than a tensor's shape and the places of x and
 * y, and has no line in `VALID`, fails here.
 */
import { isInfnetError } from '@infnet/core';
import { describeCall, type KernelCall } from '@infnet/core/kernels';
import { describe, expect, it } from 'vitest';
import { sourceDoors } from './source-doors.js';

/** Functions of core by which calls are made and described, of whatever kernel: tested in core. */
const OF_CORE = new Set(['describeCall', 'lineCall', 'placedCall', 'rowsCall', 'sizedCall']);

const EPS = 1e-5;

type Call = (...given: readonly unknown[]) => unknown;

const range = (offset: number, batchStride: number) => ({ offset, batchStride });
const item = range(8, 128);
const MAP = [2, 4, 4, 6] as const;
const window = { shape: MAP, kernel: [2, 3], stride: [2, 1], padding: [1, 0], dilation: [1, 1], ceilMode: false };
const unary = { shape: MAP, x: item, y: item };
const binary = { a: MAP, b: [4, 1, 1], ranges: { a: item, b: range(4, 1), y: item } };
const convolution = {
  input: MAP,
  weight: [6, 2, 3, 3],
  stride: [2, 1],
  padding: 1,
  dilation: [1, 1],
  groups: 2,
} as const;
const places = { offset: 8, batchStride: 128, rowStride: 12 };
const sizes = { shape: MAP, ranges: { x: item, t: item } };
const entropy = { shape: MAP, ignoreIndex: 255, byWeight: true };
const labels = range(2, 24);
const overlap = {
  shape: MAP,
  alpha: 0.3,
  beta: 0.7,
  smooth: 1,
  squared: true,
  batch: false,
  background: false,
  ignoreIndex: 255,
  factorsOffset: 2,
};
const joint = { shape: MAP, variant: 'paper', imageOffset: 4 } as const;
const figures = { statistics: 0, runningMean: 4, runningVar: 8, newMean: 12, newVar: 16 };
const normed = { weight: 4, bias: 8, statistics: 2 };
const factors = { shape: MAP, factors: 3, ranges: { a: item, b: item, c: item } };

/** What each call takes; the second list, where there is one, another way to give it. */
const VALID: Readonly<Record<string, readonly (readonly unknown[])[]>> = {
  conv2dCall: [
    [
      {
        ...convolution,
        affine: 'scaleShift',
        activation: 'relu',
        kernel: 'direct',
        ranges: { x: item, y: range(0, 256) },
      },
    ],
    [
      {
        ...convolution,
        affine: 'bias',
        residual: true,
        addend: true,
        ranges: { addend: item, residual: range(0, 256) },
      },
    ],
  ],
  conv2dInputGradientCall: [[{ ...convolution, kernel: 'gemm', ranges: { x: range(0, 256), y: item } }]],
  conv2dWeightGradientCalls: [
    [{ ...convolution, algorithm: 'plain', ranges: { g: range(0, 256), x: item, y: range(0, 18) } }],
    [{ ...convolution, padding: 0, algorithm: 'tiled/32x32' }],
  ],
  conv2dBiasGradientCalls: [[[2, 6, 4, 4]]],
  sumPartialsCall: [[{ count: 8, factor: 1 / 3, yOffset: 2 }]],
  foldBatchNormCall: [
    [6, EPS, true],
    [6, EPS, false],
  ],
  stackCall: [[{ sizes: [3, 4, 5], apart: true }]],
  batchNorm2dCall: [
    [
      {
        shape: MAP,
        eps: 1e-5,
        relu: true,
        x: item,
        y: item,
        residual: item,
        offsets: { weight: 4, bias: 4, mean: 4, variance: 4 },
      },
    ],
    [{ shape: MAP, batch: true, offsets: { statistics: 4 } }],
  ],
  normCall: [
    [{ shape: MAP, over: { groups: 2 }, eps: EPS, slope: 0.1, x: item, y: item, residual: item, offsets: normed }],
    [{ shape: MAP, over: { axis: 2 }, offsets: { weight: 4, statistics: 0 } }],
    [{ shape: MAP, over: 'channels', slope: 0, x: item, y: item }],
  ],
  batchStatisticsCall: [[MAP, item, { channels: 4, area: 24, total: 48, parts: 2 }], [MAP]],
  wholeStatisticsCall: [[MAP, { eps: 1e-5, momentum: 0.1, offsets: figures }, item]],
  mergeStatisticsCall: [[4, 64, 32]],
  finalStatisticsCall: [[{ channels: 4, parts: 8, eps: 1e-5, momentum: 0.1, offsets: figures }]],
  mergeSumsCall: [[4, 64, 32]],
  finalSumsCall: [[4, 8, { first: 4, second: 8 }]],
  batchNormGradientSumsCall: [
    [{ shape: MAP, eps: 1e-5, x: item, g: item, mask: item, offsets: { mean: 4, variance: 4 }, parts: 2 }],
    [{ shape: MAP, batch: true, offsets: { statistics: 4 }, whole: { first: 4, second: 0 } }],
  ],
  batchNormGradientInputCall: [
    [{ shape: MAP, batch: true, x: item, g: item, d: item, mask: item, offsets: { statistics: 4, sumG: 4, sumGH: 4 } }],
    [{ shape: MAP, batch: false, eps: 1e-5, offsets: { weight: 4, variance: 4 } }],
  ],
  addCall: [[{ ...binary, relu: true, to: MAP }]],
  subCall: [[binary]],
  mulCall: [[binary]],
  divCall: [[binary]],
  binaryCall: [
    ['leakyGradient', { ...binary, alpha: 0.1 }],
    ['first', { ...binary, alpha: 2 }],
  ],
  unaryCall: [
    ['leakyRelu', { ...unary, alpha: 0.1 }],
    ['affine', { ...unary, alpha: 2, beta: 1 }],
  ],
  reluGradientCall: [[{ ...binary, b: MAP, ranges: { a: item, b: item, y: item } }]],
  affineCall: [[{ ...unary, alpha: 2, beta: 1 }]],
  dropoutCall: [[{ shape: MAP, rate: 0.3, span: 2, scaled: true, place: 1, x: item, y: item }]],
  copyCall: [
    [{ batch: 2, rows: 3, length: 8, x: places, y: places }],
    [{ batch: 2, rows: 3, length: 8, x: places, y: { ...places, offset: 300 }, inPlace: true }],
  ],
  pad2dCall: [[{ shape: MAP, top: 1, bottom: 2, left: 0, right: 1, x: item, y: range(0, 512) }]],
  avgPool2dCall: [[{ ...window, countIncludePad: true, x: item, y: item }]],
  avgPool2dGradientCall: [[{ ...window, countIncludePad: false, g: item, d: item }]],
  maxPool2dCall: [[{ ...window, x: item, y: item }]],
  maxPoolWinnerCall: [[{ ...window, x: item }]],
  maxPoolGradientCall: [[{ ...window, g: item, d: item }]],
  reduceCall: [
    [
      {
        kept: [{ size: 4, strides: [24, 24, 1] }],
        reduced: [
          { size: 2, strides: [96, 96] },
          { size: 24, strides: [1, 1] },
        ],
        product: true,
        scale: 0.5,
        parts: 2,
        yPart: 4,
        offsets: { x: 4, z: 8, y: 0 },
      },
    ],
  ],
  interpolateCall: [[{ shape: MAP, size: [8, 3], alignCorners: false, ratio: [0.5, 2], x: item, y: range(0, 128) }]],
  resizeNearestCall: [[{ shape: MAP, size: [8, 3], alignCorners: false, x: item, y: range(0, 128) }]],
  linearGradientCall: [
    [{ batch: 2, planes: 4, input: 4, output: 8, inner: 3, scale: 0.5, half: 0.5, g: range(0, 128), d: range(4, 64) }],
  ],
  softmaxCall: [[{ shape: MAP, x: item, y: item, g: item }]],
  productCall: [[{ ...factors, ranges: { ...factors.ranges, y: item } }]],
  productGradientCall: [[{ ...factors, ranges: { g: item, da: item, db: item, dc: item } }]],
  splitStepCall: [
    [{ shape: MAP, ranges: { part: item, previous: item, last: item, sum: item, passed: item } }],
    [{ shape: MAP, previousIn: 'passed' }],
  ],
  addResizedCall: [[{ x: MAP, coarse: [2, 4, 2, 3], ranges: { x: item, coarse: range(0, 32), y: item } }]],
  reverseAttentionCall: [
    [
      {
        features: MAP,
        logits: [2, 1, 2, 3],
        ranges: { x: item, logits: range(4, 8), y: item },
        normalize: { eps: 1e-5, weight: 4, bias: 4, mean: 4, variance: 4 },
      },
    ],
  ],
  reverseAttentionGradientCall: [
    [
      {
        features: MAP,
        logits: [2, 1, 2, 3],
        input: true,
        split: 8,
        ranges: { g: item, x: item, dx: item, dResized: range(0, 24) },
      },
    ],
  ],
  maskEdgeCall: [[{ shape: MAP, ranges: { mask: item, y: item } }]],
  edgeLossCalls: [[{ shape: MAP, ranges: { logits: item, mask: item }, yOffset: 2 }]],
  edgeLossGradientCall: [[{ shape: MAP, ranges: { logits: item, mask: item, d: item }, gOffset: 2 }]],
  bceCalls: [[{ ...sizes, logits: true, yOffset: 2 }]],
  bceGradientCall: [[{ ...sizes, logits: false, gOffset: 2 }]],
  crossEntropyCalls: [
    [{ shape: MAP, classes: true, ignoreIndex: 255, ranges: { x: item, t: range(0, 24) }, yOffset: 2, scaleOffset: 2 }],
    [{ ...sizes, classes: false }],
  ],
  crossEntropyGradientCall: [
    [{ shape: MAP, classes: true, ignoreIndex: 255, gOffset: 2, scaleOffset: 2 }],
    [{ shape: MAP, classes: false, ofTarget: true, ranges: { x: item, t: item, d: item }, gOffset: 2 }],
  ],
  overlapLossCalls: [[{ ...overlap, yOffset: 2, ranges: { x: item, t: labels } }]],
  overlapLossGradientCall: [[{ ...overlap, batch: true, gOffset: 2, ranges: { x: item, t: labels, d: item } }]],
  pixelEntropyCall: [
    [{ ...entropy, weights: [1, 2, 3, 4], labelSmoothing: 0.5, gamma: 0, ranges: { x: item, t: labels } }],
    [{ ...entropy, weights: [], labelSmoothing: 0, gamma: 2, ranges: { x: item, y: labels, s: labels } }],
  ],
  pixelEntropyGradientCall: [
    [{ ...entropy, weights: [1, 2, 3, 4], labelSmoothing: 0, gamma: 2, ranges: { g: labels, x: item, d: item } }],
  ],
  diceLossCalls: [[{ ...sizes, sigmoid: true, smooth: 1, yOffset: 2, factorsOffset: 2 }]],
  diceLossGradientCall: [[{ ...sizes, sigmoid: true, gOffset: 2, factorsOffset: 2 }]],
  jointLossCalls: [[{ ...joint, ranges: { z: item, t: item, pooled: item }, yOffset: 2 }]],
  jointLossGradientCall: [[{ ...joint, ranges: { z: item, t: item, pooled: item, d: item }, gOffset: 2 }]],
};

const found: Readonly<Record<string, Call>> = Object.fromEntries(
  (
    await Promise.all(
      [...sourceDoors()]
        .filter(([door]) => !['cli', 'testing'].includes(door))
        .map(async ([, { href }]) => Object.entries((await import(href)) as object)),
    )
  )
    .flat()
    .filter(([name, value]) => /Calls?$/.test(name) && typeof value === 'function' && !OF_CORE.has(name)),
);

/** The calls of a result: itself, or those that it holds. */
function callsOf(result: unknown): readonly KernelCall[] {
  if (typeof result !== 'object' || result === null) return [];
  return 'kernel' in result ? [result as KernelCall] : Object.values(result).flatMap(callsOf);
}

/** The code of the error that a call and its descriptions end with; undefined when all is taken. */
function codeFor(call: Call, given: readonly unknown[]): string | undefined {
  try {
    for (const made of callsOf(call(...given))) {
      describeCall(made);
      if (!(made.flops >= 0 && made.bytes > 0 && Number.isFinite(made.flops + made.bytes)))
        return 'its work is no number';
    }
    return undefined;
  } catch (error) {
    return isInfnetError(error) ? error.code : `no InfnetError: ${error}`;
  }
}

/** Numbers that need not be whole or positive, by name. */
const REAL = new Set([
  'alpha',
  'beta',
  'scale',
  'factor',
  'eps',
  'momentum',
  'smooth',
  'ratio',
  'rate',
  'slope',
  'labelSmoothing',
  'gamma',
  'weights',
]);
const SIGNED = new Set(['top', 'bottom', 'left', 'right', 'ignoreIndex']);
/** Of them, those that are never negative. */
const POSITIVE = new Set(['eps', 'momentum', 'smooth', 'rate', 'slope', 'labelSmoothing', 'gamma', 'weights']);
/** Where 0 is a place or a width like any other. */
const MAY_BE_ZERO =
  /offset$|^offsets$|stride$|^strides$|padding|yPart|^(statistics|running|new)|^(weight|bias|mean|variance|sumG|sumGH)$|^(first|second|x|y|z|half|scale|place)$/i;

/** Values in place of one that no call takes there. */
function wrongFor(value: unknown, name: string): readonly unknown[] {
  if (typeof value === 'number') {
    const wrong: unknown[] = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, '4', null, {}, [], true];
    if (POSITIVE.has(name) || value === EPS) wrong.push(-1);
    if (REAL.has(name) || value === EPS) return wrong;
    wrong.push(value + 0.5, 2 ** 53);
    if (!SIGNED.has(name)) wrong.push(-1);
    if (!SIGNED.has(name) && !MAY_BE_ZERO.test(name)) wrong.push(0);
    return wrong;
  }
  if (typeof value === 'boolean') return [null, 1, 'true', Number.NaN, []];
  if (typeof value === 'string') return ['nonsense', '', 1, null, [value], 'toString'];
  if (Array.isArray(value)) return [null, 'shape', Number.NaN, {}, [...value, Number.NaN], [...value, 0], Array(1)];
  return [null, 'object', 5, Number.NaN, [], { ...(value as object), misspelt: 1 }];
}

interface Wrong {
  readonly what: string;
  readonly given: readonly unknown[];
}

/** Everything that is wrong in one place. */
function* wrongs(
  value: unknown,
  path: readonly string[],
  put: (value: unknown) => readonly unknown[],
): Generator<Wrong> {
  const name = path.findLast((part) => !/^\d+$/.test(part)) ?? '';
  for (const wrong of wrongFor(value, name)) {
    const shown = typeof wrong === 'number' ? String(wrong) : JSON.stringify(wrong);
    yield { what: `${path.join('.')} = ${shown}`, given: put(wrong) };
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    const within = (changed: unknown): unknown =>
      Array.isArray(value) ? value.with(Number(key), changed) : { ...value, [key]: changed };
    yield* wrongs(inner, [...path, key], (changed) => put(within(changed)));
  }
}

it('are there, those that are known here', () => {
  expect(Object.keys(found)).toEqual(expect.arrayContaining(Object.keys(VALID)));
  expect(Object.keys(found).length).toBeGreaterThan(40);
});

describe.each(
  Object.keys(found).flatMap((name) => (VALID[name] ?? [[unary]]).map((given, way) => ({ name, way, given }))),
)('$name, way $way', ({ name, given }) => {
  const call = found[name] as Call;

  it('takes what it should, and says how large its buffers must be', () => {
    expect(codeFor(call, given)).toBeUndefined();
    for (const made of callsOf(call(...given))) {
      const { bindings } = describeCall(made);
      const buffers = Object.fromEntries(bindings.map((binding) => [binding.name, binding.minBindingSize]));
      expect(Object.values(buffers).every((size) => size > 0)).toBe(true);
      expect(describeCall(made, buffers).bindings).toEqual(bindings);
      for (const { name: binding, minBindingSize } of bindings) {
        const { [binding]: _, ...missing } = buffers;
        const wrong = [missing, { ...missing, [`${binding}_`]: 4 }, { ...buffers, surplus: 4 }];
        wrong.push({ ...buffers, [binding]: minBindingSize - 4 }, { ...buffers, [binding]: Number.NaN });
        for (const given of wrong) {
          expect(() => describeCall(made, given)).toThrow(expect.objectContaining({ code: 'KERNEL_OPERANDS' }));
        }
      }
    }
  });

  it('refuses what is NaN, infinite, empty, misspelt or of another kind, wherever it is', () => {
    const taken: string[] = [];
    for (const [at, value] of given.entries()) {
      for (const { what, given: wrong } of wrongs(value, [String(at)], (changed) => given.with(at, changed))) {
        const code = codeFor(call, wrong);
        if (code === undefined || !/^[A-Z_]+$/.test(code)) taken.push(`${what}: ${code ?? 'taken'}`);
      }
    }
    expect(taken).toEqual([]);
  });

  it('refuses to be called without anything, and items of a batch that overlap', () => {
    expect(codeFor(call, [])).toMatch(/^[A-Z_]+$/);
    const halved = JSON.parse(JSON.stringify(given), (key, value) => (key === 'batchStride' ? 1 : value));
    if (JSON.stringify(halved) !== JSON.stringify(given)) expect(codeFor(call, halved)).toBe('KERNEL_RANGE');
  });
});
