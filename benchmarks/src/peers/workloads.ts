/**
 * Workloads as traced graphs: one description from which infnet plans, the ONNX file is written, and the graph is built
 * for tfjs and PyTorch. Weights and inputs follow from seeds, so that every process has the same without sending any.
 */
import { conv2d, conv2dOperator } from '@infnet/conv';
import {
  elementCount,
  type Graph,
  gradients,
  InfnetError,
  type Module,
  Parameter,
  type Shape,
  type StateDict,
  type Tensor,
  type TraceResult,
  trace,
} from '@infnet/core';
import { convolutionCosts, InfNet } from '@infnet/inf-net';
import { add, concat, mean, mul, narrow, sigmoid } from '@infnet/nn';
import { res2net50 } from '@infnet/res2net';
import { infNetLoss, type SupervisedMaps } from '@infnet/trainer';
import type { LayerShape, NetName, PassName, Workload } from './protocol.js';

/** A workload, traced. */
export interface Traced {
  readonly graph: Graph;
  readonly parameters: readonly Parameter[];
  /** Values of the parameters; made when first asked for. */
  readonly state: () => StateDict;
  readonly inputs: Readonly<Record<string, Float32Array>>;
  /** Outputs that are read in a timed run. */
  readonly timed: readonly string[];
  /** The net, for a workload that trains it. */
  readonly net?: BenchmarkNet;
}

export type BenchmarkNet = Module<readonly [Tensor], Readonly<Record<string, Tensor>>>;

/** `forwardOnly` leaves gradients out, for libraries that differentiate by themselves. */
export function traceWorkload(
  workload: Workload,
  { forwardOnly = false }: { readonly forwardOnly?: boolean } = {},
): Traced {
  switch (workload.kind) {
    case 'forward':
      return traceForward(workload);
    case 'layer':
      return traceLayer(workload);
    case 'gradients':
      return traceGradients(workload, forwardOnly);
    case 'step':
      return traceStepForward(workload);
    case 'chain':
      return traceChain(workload.length);
  }
}

export function makeNet(name: NetName): BenchmarkNet {
  const net: unknown = name === 'inf-net' ? new InfNet() : res2net50({ classes: 0 });
  return net as BenchmarkNet;
}

/** A net's own outputs of a batch of images. */
export function traceNet(name: NetName, batch: number, size: number): Graph {
  const net = makeNet(name);
  return trace(({ image }: { readonly image: Tensor }) => net.call(image), { image: [batch, 3, size, size] });
}

function traceForward({ net: name, batch, size, damped }: Extract<Workload, { kind: 'forward' }>): Traced {
  const net = makeNet(name);
  const prediction = name === 'inf-net' ? 'lateralMap2' : 'layer4';
  const graph = trace(({ image }: { readonly image: Tensor }) => ({ output: net.call(image)[prediction] as Tensor }), {
    image: [batch, 3, size, size],
  });
  const traced = finish(graph, net.parameters(), ['output'], { net });
  return damped ? { ...traced, state: once(() => dampedWeights(traced.state())) } : traced;
}

/**
 * Weights of convolutions that are smaller than they were drawn: batch norm that has seen nothing does not normalise,
 * and what grows from block to block would leave float16, in which matrix units take their operands.
 */
function dampedWeights(state: StateDict): StateDict {
  const smaller = (data: ArrayLike<number>): Float32Array => Float32Array.from(data, (value) => 0.7 * value);
  return new Map(
    [...state].map(([name, { shape, data }]) => [name, { shape, data: shape.length === 4 ? smaller(data) : data }]),
  );
}

/** Whole results for the comparison; in timed runs one row of each convolution, so that reading back does not count. */
function traceLayer(workload: Extract<Workload, { kind: 'layer' }>): Traced {
  const weights = Array.from({ length: workload.copies }, (_, i) => layerWeight(workload, `weight${i}`));
  const graph = trace(
    ({ x }: { readonly x: Tensor }): TraceResult => {
      const results = weights.map((weight) => convolve(x, weight, workload));
      return { output: results[0] as Tensor, rows: concat(results.map((y) => narrow(y, 2, 0, 1))) };
    },
    { x: workload.input },
  );
  return finish(graph, weights, ['rows']);
}

function traceGradients(workload: Extract<Workload, { kind: 'gradients' }>, forwardOnly: boolean): Traced {
  const weight = layerWeight(workload, 'weight');
  const output = layerOutput(workload);
  const graph = trace(
    ({ x, g }: { readonly x: Tensor; readonly g: Tensor }): TraceResult => {
      const y = convolve(x, weight, workload);
      if (forwardOnly) return { y };
      const [dX, dW] = gradients([{ output: y, gradient: g }], [x, weight]) as [Tensor, Tensor];
      const rows = [narrow(y, 2, 0, 1), narrow(dX, 2, 0, 1), narrow(dW, 0, 0, 1)];
      return { y, dX, dW, ...Object.fromEntries(rows.map((row, i) => [`row${i}`, row])) };
    },
    { x: workload.input, g: output },
  );
  return finish(graph, [weight], forwardOnly ? ['y'] : ['row0', 'row1', 'row2']);
}

/** One pass of a convolution alone: y of x and w, dX of g and w, or dW of g and x. */
export function tracePass(layer: LayerShape, pass: PassName): Graph {
  return trace(
    ({ x, w, g }: Readonly<Record<'x' | 'w' | 'g', Tensor>>) => {
      const y = convolve(x, w, layer);
      if (pass === 'forward') return y;
      return gradients([{ output: y, gradient: g }], [pass === 'inputGradient' ? x : w])[0] as Tensor;
    },
    { x: layer.input, w: layer.weight, g: layerOutput(layer) },
  );
}

export type StepWorkload = Extract<Workload, { kind: 'step' }>;

/** What a training step of ours is made of, beside its optimizer. `net` is in training. */
export function stepOptions(
  workload: StepWorkload,
  { net, graph }: Pick<Traced, 'net' | 'graph'>,
): {
  readonly net: BenchmarkNet;
  readonly inputs: Readonly<Record<string, Shape>>;
  readonly loss: (inputs: Readonly<Record<string, Tensor>>) => Tensor;
} {
  if (net === undefined) throw new InfnetError({ code: 'BENCH_WORKLOAD', message: 'a training step needs a net' });
  const inputs = Object.fromEntries([...graph.inputs].map(([name, { shape }]) => [name, shape]));
  return { net, inputs, loss: (given) => lossOf(workload, net, given) };
}

/** The loss that the workload asks for. */
function lossOf({ ownLoss }: StepWorkload, net: BenchmarkNet, inputs: Readonly<Record<string, Tensor>>): Tensor {
  const { image, mask, edge } = inputs as Readonly<Record<'image' | 'mask' | 'edge', Tensor>>;
  return ownLoss ? infNetLoss(net.call(image) as unknown as SupervisedMaps, { mask, edge }).loss : stepLoss(net, image);
}

/** Loss: the mean square of every result of the net. It asks every layer for its gradients and itself costs nothing. */
export function stepLoss(net: BenchmarkNet, image: Tensor): Tensor {
  return Object.values(net.call(image))
    .map((map) => mean(mul(map, map)))
    .reduce((sum, loss) => add(sum, loss));
}

function traceStepForward(workload: StepWorkload): Traced {
  const { net: name, batch, size, ownLoss } = workload;
  const net = makeNet(name);
  net.train();
  const map = [batch, 1, size, size];
  const shapes = { image: [batch, 3, size, size], ...(ownLoss ? { mask: map, edge: map } : {}) };
  const graph = trace((given: Readonly<Record<string, Tensor>>) => ({ loss: lossOf(workload, net, given) }), shapes);
  const traced = finish(graph, net.parameters(), ['loss'], { net });
  return ownLoss ? { ...traced, inputs: { ...traced.inputs, ...discs(batch, size) } } : traced;
}

/**
 * Mask and edge of every image: one disc in the middle, a quarter of the side in radius, and its border. [n, 1, s, s]
 * each
 */
function discs(batch: number, size: number): Readonly<Record<'mask' | 'edge', Float32Array>> {
  const isInside = (y: number, x: number): boolean => (2 * y - size) ** 2 + (2 * x - size) ** 2 <= (size / 2) ** 2;
  const isEdge = (y: number, x: number): boolean =>
    isInside(y, x) && !(isInside(y - 1, x) && isInside(y + 1, x) && isInside(y, x - 1) && isInside(y, x + 1));
  const fill = (is: (y: number, x: number) => boolean): Float32Array =>
    Float32Array.from({ length: batch * size * size }, (_, i) => Number(is(Math.floor(i / size) % size, i % size)));
  return { mask: fill(isInside), edge: fill(isEdge) };
}

function traceChain(length: number): Traced {
  const graph = trace(
    ({ x }: { readonly x: Tensor }) => {
      let y = x;
      for (let i = 0; i < length; i++) y = sigmoid(y);
      return { output: y };
    },
    { x: [1, 4, 4, 4] },
  );
  return finish(graph, [], ['output']);
}

function convolve(x: Tensor, weight: Parameter | Tensor, { stride, padding, dilation, groups }: LayerShape): Tensor {
  const [top, left, bottom, right] = padding;
  if (top !== bottom || left !== right) throw new Error(`padding ${padding} is not the same on both sides`);
  return conv2d(x, weight, undefined, { stride, padding: [top, left], dilation, groups });
}

function layerWeight({ weight }: LayerShape, name: string): Parameter {
  const parameter = new Parameter(weight, { init: { kind: 'uniformFanIn' } });
  parameter.name = name;
  return parameter;
}

/** [n, oc, oh, ow] */
export function layerOutput({ input, weight, stride, padding, dilation, groups }: LayerShape): Shape {
  const types = [input, weight].map((shape) => ({ shape, dtype: 'f32' }) as const);
  const [output] = conv2dOperator.infer(types, { stride, padding, dilation, groups }, 'a layer');
  return output?.shape ?? [];
}

export function finish(
  graph: Graph,
  parameters: readonly Parameter[],
  timed: readonly string[],
  more: Pick<Traced, 'net'> = {},
): Traced {
  const used = parameters.filter(({ unused }) => !unused);
  const inputs = Object.fromEntries(
    [...graph.inputs].map(([name, { shape }], i) => [name, pseudoRandom(elementCount(shape), i + 1)]),
  );
  const state = (): StateDict =>
    new Map(used.map((parameter, i) => [parameter.name, { shape: parameter.shape, data: valuesOf(parameter, i) }]));
  return { graph, parameters: used, state: once(state), inputs, timed, ...more };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** Weights that keep the size of what they are applied to; batch norm's parameters as they begin. */
function valuesOf({ init, shape }: Parameter, index: number): Float32Array {
  const length = elementCount(shape);
  if (init.kind === 'constant') return new Float32Array(length).fill(init.value);
  const bound = Math.sqrt(6 / elementCount(shape.slice(1)));
  return pseudoRandom(length, index + 1).map((value) => value * bound);
}

/** Values between -1 and 1. */
export function pseudoRandom(length: number, seed: number): Float32Array<ArrayBuffer> {
  const data = new Float32Array(length);
  let state = Math.imul(seed, 2654435761) >>> 0;
  for (let i = 0; i < length; i++) {
    // Numerical Recipes' linear congruential generator; its upper bits are random enough here.
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    data[i] = state / 2 ** 31 - 1;
  }
  return data;
}

/** Floating-point operations of one run: 2 per multiply-add of the direct convolutions, padding counted as work. */
export function workloadFlops(workload: Workload): number {
  switch (workload.kind) {
    case 'layer':
      return workload.copies * layerFlops(workload);
    case 'gradients':
      return 3 * layerFlops(workload);
    case 'forward':
      return netFlops(workload);
    case 'step':
      return 3 * netFlops(workload);
    case 'chain':
      return 0;
  }
}

export function layerFlops(layer: LayerShape): number {
  return 2 * elementCount(layerOutput(layer)) * elementCount(layer.weight.slice(1));
}

/** Bytes of one convolution's operands, each once. */
export function layerBytes(layer: LayerShape): number {
  return 4 * [layer.input, layer.weight, layerOutput(layer)].reduce((sum, shape) => sum + elementCount(shape), 0);
}

function netFlops({ net, batch, size }: Extract<Workload, { net: NetName }>): number {
  return 2 * convolutionCosts(traceNet(net, batch, size)).reduce((sum, { macs }) => sum + macs, 0);
}
