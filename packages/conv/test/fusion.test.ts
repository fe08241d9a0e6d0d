/** What a convolution takes over, and that the numbers stay the same. */
import {
  applyOne,
  type Context,
  elementCount,
  Module,
  type Operator,
  ParameterStore,
  preparePlan,
  type Schedule,
  schedule,
  type Tensor,
  trace,
} from '@infnet/core';
import { add, BatchNorm2d, concat, relu, split } from '@infnet/nn';
import { expectClose, fill } from '@infnet/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GATHERS } from '../src/forward/registry.js';
import { Conv2d, type ConvolutionAlgorithm, conv2d, conv2dSettings } from '../src/index.js';
import { fusedConv2dOperator } from '../src/kernels.js';
import { absorbsAddend } from '../src/operator/fuse.js';
import { conv2dReference, type ReferenceCase } from './reference.js';
import { compute, openQuietly, random, weights } from './support.js';

let context: Context;
beforeAll(async () => {
  context = await openQuietly();
});
afterAll(() => context.dispose());

class Net extends Module {
  readonly conv: Conv2d;
  readonly bn: BatchNorm2d;
  constructor(
    readonly body: (net: Net, x: Tensor) => Tensor,
    channels = 8,
    options: ConstructorParameters<typeof Conv2d>[3] = {},
    kernel = 3,
  ) {
    super();
    this.conv = new Conv2d(channels, channels, kernel, { padding: (kernel - 1) / 2, ...options });
    this.bn = new BatchNorm2d(channels);
  }
  override forward(x: Tensor): Tensor {
    return this.body(this, x);
  }
}

const SHAPE = [2, 8, 9, 7] as const;

function operatorsOf(plan: Schedule): string[] {
  return [...new Set(plan.dispatches.map(({ operator }) => operator))];
}

/** Runs the net fused and unfused over the same random parameters; returns the fused schedule. */
async function compare(
  net: Module,
  shape: readonly number[] = SHAPE,
  precision: 'exact' | 'fast' = 'exact',
): Promise<Schedule> {
  const parameters = new ParameterStore(context, net);
  const values = net.parameters().map(({ name, shape, unused }) => {
    const positive = name.endsWith('running_var') || name.endsWith('bn.weight');
    return unused
      ? undefined
      : ([name, { shape, data: fill(name, elementCount(shape), 0.4, positive ? 1 : 0) }] as const);
  });
  parameters.load(new Map(values.filter((entry) => entry !== undefined)));
  const inputs = { x: random('x', shape).data };
  const results: Float32Array[] = [];
  let fused: Schedule | undefined;
  for (const fusion of [true, false]) {
    const graph = trace(({ x }) => net.call(x), { x: shape });
    const plan = await preparePlan(context, graph, { parameters, fusion, precision });
    fused ??= plan.schedule;
    results.push((await plan.run(inputs))['output'] as Float32Array);
    plan.dispose();
  }
  parameters.dispose();
  expectClose(
    results[0] as Float32Array,
    results[1] as Float32Array,
    { relL2: precision === 'fast' ? 1e-5 : 2e-6 },
    'fused',
  );
  return fused as Schedule;
}

describe('a convolution takes over', () => {
  it('a batch norm and relu', async () => {
    const plan = await compare(new Net((net, x) => relu(net.bn.call(net.conv.call(x)))));
    expect(operatorsOf(plan)).toEqual(['fusedConv2d']);
    expect(plan.constantDispatches.map(({ operator }) => operator)).toEqual(['foldBatchNorm']);
  });

  it('a batch norm, with no bias of its own to fold', async () => {
    expect(operatorsOf(await compare(new Net((net, x) => net.bn.call(net.conv.call(x)), 8, { bias: false })))).toEqual([
      'fusedConv2d',
    ]);
  });

  it('a batch norm, the sum with a shortcut, and relu, in one dispatch', async () => {
    const plan = await compare(new Net((net, x) => relu(add(net.bn.call(net.conv.call(x)), x)), 8, {}, 1));
    expect(plan.dispatches.map(({ operator }) => operator)).toEqual(['fusedConv2d']);
  });

  it('a sum on its other side, and relu, with a bias', async () => {
    const plan = await compare(new Net((net, x) => relu(add(x, net.conv.call(x)))));
    expect(operatorsOf(plan)).toEqual(['fusedConv2d']);
  });

  it.each(['winograd2', 'winograd4'] as const)('the same with %s, weights transformed once', async (algorithm) => {
    const conv = ({ conv: { weight, bias } }: Net, x: Tensor): Tensor =>
      conv2d(x, weight, bias, { padding: 1, algorithm });
    const net = new Net((net, x) => relu(add(net.bn.call(conv(net, add(x, relu(x)))), x)), 26);
    const plan = await compare(net, [2, 26, 11, 11], 'fast');
    const sum = absorbsAddend(GATHERS.named(algorithm).algorithm, context.profile) ? [] : ['add'];
    expect(operatorsOf(plan)).toEqual(['relu', ...sum, 'fusedConv2d']);
    expect(plan.constantDispatches.map(({ operator }) => operator).sort()).toEqual(['foldBatchNorm', 'winogradWeight']);
  });
});

it.each(['winograd2', 'winograd4'] as const)(
  'with %s weights are transformed once also where nothing follows',
  (algorithm) => {
    const net = new Net(({ conv: { weight } }, x) => conv2d(x, weight, undefined, { padding: 1, algorithm }));
    const graph = trace(({ x }) => net.call(x), { x: SHAPE });
    const kernels = (liveParameters: boolean) => {
      const { constantDispatches, dispatches } = schedule(graph, { liveParameters });
      return [constantDispatches, dispatches].map((list) => list.map(({ kernel }) => kernel.name));
    };
    const [transform, rest] = [
      ['conv/winograd-weight'],
      ['conv/winograd-input', 'conv/gemm-tiled', 'conv/winograd-output'],
    ];
    expect(kernels(false)).toEqual([transform, rest]);
    expect(kernels(true)).toEqual([[], [...transform, ...rest]]);
  },
);

describe('a fused convolution', () => {
  it.each(['winograd2', 'winograd4'] as const)('adds while it loads, and finishes, with %s', async (algorithm) => {
    const test: ReferenceCase = { input: [2, 5, 9, 7], weight: [6, 5, 3, 3], padding: 1 };
    const inputs = {
      x: random('x', test.input),
      addend: random('addend', test.input),
      weight: weights('w', test.weight),
      affine: random('affine', [2, 6]),
      residual: random('residual', [2, 6, 9, 7]),
    };
    const operands = ['x', 'weight', 'affine', 'residual', 'addend'] as const;
    const attributes = { ...conv2dSettings(test, [3, 3], 'test'), algorithm, relu: true, operands };
    const traced = (t: Readonly<Record<string, Tensor>>): Tensor =>
      applyOne(
        fusedConv2dOperator as unknown as Operator,
        operands.map((role) => t[role] as Tensor),
        attributes,
      );
    const sum = inputs.x.data.map((value, i) => value + (inputs.addend.data[i] as number));
    const expected = conv2dReference(test, sum, inputs.weight.data).map((value, i) => {
      const channel = Math.floor(i / 63) % 6;
      const scaled = value * (inputs.affine.data[channel] as number) + (inputs.affine.data[6 + channel] as number);
      return Math.max(scaled + (inputs.residual.data[i] as number), 0);
    });
    expectClose(await compute(context, traced, inputs), expected, { relL2: algorithm === 'winograd4' ? 1e-5 : 2e-6 });
  });
});

describe('a convolution leaves alone', () => {
  it('a batch norm after relu, which is not the same', async () => {
    const plan = await compare(new Net((net, x) => net.bn.call(relu(net.conv.call(x)))));
    expect(operatorsOf(plan)).toEqual(['fusedConv2d', 'batchNorm2d']);
  });

  it('a batch norm after a sum', async () => {
    const plan = await compare(new Net((net, x) => net.bn.call(add(net.conv.call(x), x))));
    expect(operatorsOf(plan)).toEqual(['fusedConv2d', 'batchNorm2d']);
  });

  it('a second sum', async () => {
    const plan = await compare(new Net((net, x) => add(add(net.conv.call(x), x), x)));
    expect(operatorsOf(plan)).toEqual(['fusedConv2d', 'add']);
  });

  it('a sum with a tensor of another shape', async () => {
    const plan = await compare(new Net((net, x) => add(net.conv.call(x), split(x, [1, 7])[0] as Tensor)));
    expect(operatorsOf(plan)).toEqual(['conv2d', 'add']);
  });

  it('a value that is used twice', async () => {
    const plan = await compare(
      new Net((net, x) => {
        const y = net.conv.call(x);
        return add(relu(y), y);
      }),
    );
    expect(operatorsOf(plan)[0]).toBe('conv2d');
  });

  it('a sum of a value with itself', async () => {
    const plan = await compare(
      new Net((net, x) => {
        const y = net.conv.call(x);
        return add(y, y);
      }),
    );
    expect(operatorsOf(plan)).toEqual(['conv2d', 'add']);
  });

  it('a batch norm whose parameters change between runs', () => {
    const net = new Net((net, x) => net.bn.call(net.conv.call(x)));
    const graph = trace(({ x }) => net.call(x), { x: SHAPE });
    expect(operatorsOf(schedule(graph, { liveParameters: true }))).toEqual(['conv2d', 'batchNorm2d']);
  });

  it('a batch norm that computes statistics', () => {
    const net = new Net((net, x) => net.bn.call(net.conv.call(x)));
    net.train();
    const graph = trace(({ x }) => net.call(x), { x: SHAPE });
    expect(operatorsOf(schedule(graph))).toContain('batchNorm2d');
  });
});

describe('the chain of a Res2Net block', () => {
  /** Splits, adds the result before to the next part, convolves, joins: all in the memory of two tensors. */
  class Chain extends Module {
    readonly convs: Conv2d[];
    readonly bns: BatchNorm2d[];
    constructor(
      readonly width: number,
      readonly algorithm: ConvolutionAlgorithm,
    ) {
      super();
      this.convs = [0, 1, 2].map(() => new Conv2d(width, width, 3, { padding: 1, bias: false }));
      this.bns = [0, 1, 2].map(() => new BatchNorm2d(width));
    }
    override forward(x: Tensor): Tensor {
      const parts = split(relu(x), [this.width, this.width, this.width, this.width]);
      const results: Tensor[] = [];
      let before: Tensor | undefined;
      this.convs.forEach((conv, i) => {
        const part = parts[i] as Tensor;
        const sum = before === undefined ? part : add(part, before);
        const y = conv2d(sum, conv.weight, undefined, { padding: 1, algorithm: this.algorithm });
        before = relu((this.bns[i] as BatchNorm2d).call(y));
        results.push(before);
      });
      return concat([...results, parts[3] as Tensor], 1);
    }
  }

  it.each(['gemm-tiled', 'direct', 'winograd2', 'winograd4'] as const)('is right with %s', async (algorithm) => {
    const plan = await compare(new Chain(5, algorithm), [2, 20, 7, 6], 'fast');
    const sums = plan.dispatches.filter(({ operator }) => operator === 'add');
    expect(sums).toHaveLength(absorbsAddend(GATHERS.named(algorithm).algorithm, context.profile) ? 0 : 2);
    expect(plan.dispatches.filter(({ operator }) => operator === 'fusedConv2d')).toHaveLength(
      algorithm.startsWith('winograd') ? 9 : 3,
    );
  });
});
