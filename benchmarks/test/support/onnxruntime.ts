/** The independent check: onnxruntime's CPU provider runs what our exporter wrote. */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { exportOnnx, type OnnxExportOptions } from '@infnet/checkpoint';
import {
  type Context,
  type Graph,
  type HostTensor,
  ParameterStore,
  preparePlan,
  type Shape,
  type StateDict,
} from '@infnet/core';
import { expect, it } from 'vitest';

interface OrtTensor {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

interface Ort {
  readonly Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => OrtTensor;
  readonly InferenceSession: {
    create(
      model: Uint8Array,
      options: object,
    ): Promise<{
      run(feeds: Readonly<Record<string, OrtTensor>>): Promise<Readonly<Record<string, OrtTensor>>>;
      release(): Promise<void>;
    }>;
  };
}

const peers = fileURLToPath(new URL('../../peers/', import.meta.url));

function load(): Ort | string {
  try {
    return createRequire(peers)('onnxruntime-node') as Ort;
  } catch (error) {
    return `onnxruntime-node is not installed (npm ci --prefix benchmarks/peers): ${(error as Error).message.split('\n')[0]}`;
  }
}

const ort = load();

/** A test that needs onnxruntime; without it, it is skipped and its name says why. */
export function itWithOrt(name: string, body: () => Promise<void>): void {
  if (typeof ort === 'string') it.skip(`${name} (${ort})`, body);
  else it(name, body);
}

/** Runs a model on the CPU. */
export async function runOrt(
  model: Uint8Array,
  inputs: Readonly<Record<string, HostTensor>>,
): Promise<Record<string, HostTensor>> {
  const { Tensor, InferenceSession } = ort as Ort;
  const session = await InferenceSession.create(model, { executionProviders: ['cpu'], intraOpNumThreads: 1 });
  try {
    const feeds = Object.entries(inputs).map(([name, { shape, data }]) => [
      name,
      new Tensor('float32', data as Float32Array, shape),
    ]);
    const results = await session.run(Object.fromEntries(feeds));
    return Object.fromEntries(Object.entries(results).map(([name, { dims, data }]) => [name, { shape: dims, data }]));
  } finally {
    await session.release();
  }
}

/** Ours of a graph. */
export async function runOurs(
  context: Context,
  graph: Graph,
  inputs: Readonly<Record<string, HostTensor>>,
  state: StateDict = new Map(),
): Promise<Record<string, Float32Array>> {
  using parameters = new ParameterStore(context, [...graph.parameters.keys()]);
  if (state.size > 0) parameters.load(state);
  const plan = await preparePlan(context, graph, { parameters });
  try {
    const data = Object.entries(inputs).map(([name, tensor]) => [name, tensor.data] as const);
    return (await plan.run(Object.fromEntries(data))) as Record<string, Float32Array>;
  } finally {
    plan.dispose();
  }
}

/** Exports the graph, runs both, and compares every output. Returns the largest difference. */
export async function compareWithOrt(
  context: Context,
  graph: Graph,
  inputs: Readonly<Record<string, HostTensor>>,
  state: StateDict = new Map(),
  options: OnnxExportOptions & { readonly within?: number } = {},
): Promise<number> {
  const theirs = await runOrt(exportOnnx(graph, state, options), inputs);
  const ours = await runOurs(context, graph, inputs, state);
  expect(Object.keys(theirs).sort()).toEqual([...graph.outputs.keys()].sort());
  let worst = 0;
  for (const [name, tensor] of graph.outputs) {
    expect(theirs[name]?.shape, name).toEqual(tensor.shape);
    const difference = relativeDifference(ours[name] as Float32Array, theirs[name]?.data as Float32Array);
    expect(difference, name).toBeLessThan(options.within ?? 1e-4);
    worst = Math.max(worst, difference);
  }
  return worst;
}

/** ||a - b|| / ||b||. */
export function relativeDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [difference, size] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    difference += ((a[i] as number) - (b[i] as number)) ** 2;
    size += (b[i] as number) ** 2;
  }
  return Math.sqrt(difference / size);
}

/** Values between -1 and 1, the same in every run. */
export function hostTensor(shape: Shape, seed = 1): HostTensor {
  const data = new Float32Array(shape.reduce((product, size) => product * size, 1));
  let state = seed * 2654435761;
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    data[i] = state / 2 ** 31 - 1;
  }
  return { shape, data };
}
