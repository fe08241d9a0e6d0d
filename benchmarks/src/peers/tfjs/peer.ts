/** tfjs with its WebGPU backend. */
import type { Graph, GraphNode } from '@infnet/core';
import { BETAS, EPSILON, LEARNING_RATE, STEPS_COMPARED } from '../optimizer.js';
import type { Peer, Running, Workload } from '../protocol.js';
import type { Traced } from '../workloads.js';
import type { Tf, TfTensor } from './api.js';
import { readMap, readWeight, TfGraph, uploadMap } from './graph-to-tfjs.js';
import { computeNode } from './operators.js';

/** tfjs with its WebGPU backend set. */
export interface LoadedTfjs {
  readonly tf: Tf;
  readonly adapter: string;
  readonly version: string;
}

export class TfjsPeer implements Peer {
  readonly differentiates: boolean = true;
  readonly #load: () => Promise<LoadedTfjs>;
  #loaded: Tf | undefined;

  /** `load` differs between Node and a page. */
  constructor(load: () => Promise<LoadedTfjs>) {
    this.#load = load;
  }

  async load(): Promise<{ description: string; version: string }> {
    const { tf, adapter, version } = await this.#load();
    this.#loaded = tf;
    return { description: `tfjs ${version}, WebGPU backend, ${adapter}`, version };
  }

  async prepare(workload: Workload, traced: Traced): Promise<Running> {
    const tf = this.#loaded as Tf;
    const net = new TfGraph(tf, traced.graph, traced.state());
    const prepare = { step: prepareStep, gradients: prepareGradients }[workload.kind as string] ?? prepareForward;
    try {
      return await prepare(tf, net, traced);
    } catch (error) {
      net.dispose();
      throw error;
    }
  }
}

/** Inputs of one run, uploaded in the layout of tfjs. */
function upload(tf: Tf, graph: Graph, inputs: Traced['inputs']): Record<string, TfTensor> {
  return Object.fromEntries(
    [...graph.inputs].map(([name, { shape }]) => [name, uploadMap(tf, inputs[name] as Float32Array, shape)]),
  );
}

export async function prepareForward(tf: Tf, net: TfGraph, { graph, inputs, timed }: Traced): Promise<Running> {
  const compute = (names: readonly string[]): Record<string, TfTensor> =>
    tf.tidy(() => {
      const { outputs } = net.compute(upload(tf, graph, inputs));
      return Object.fromEntries(names.map((name) => [name, outputs[name] as TfTensor]));
    });
  const read = async (names: readonly string[]): Promise<Record<string, Float32Array>> => {
    const found = compute(names);
    const results: Record<string, Float32Array> = {};
    for (const [name, tensor] of Object.entries(found)) results[name] = await readMap(tf, tensor);
    tf.dispose(found);
    return results;
  };
  const names = [...graph.outputs.keys()].filter((name) => name !== 'rows');
  const results = await read(names);
  return {
    results,
    heldBytes: held(tf),
    run: async () => {
      const found = compute(timed);
      for (const tensor of Object.values(found)) await tensor.data();
      tf.dispose(found);
    },
    release: async () => net.dispose(),
  };
}

/** y = conv(x, w), and the gradients of x and w from that of y. */
export async function prepareGradients(tf: Tf, net: TfGraph, { graph, inputs }: Traced): Promise<Running> {
  const node = graph.nodes[0] as GraphNode;
  const convolve = (x: TfTensor, w: TfTensor): TfTensor => computeNode(tf, node, [x, w])[0] as TfTensor;
  const [weight] = net.trained;
  const compute = (): TfTensor[] =>
    tf.tidy(() => {
      const { x, g } = upload(tf, graph, inputs) as { readonly x: TfTensor; readonly g: TfTensor };
      const { value, grads } = tf.valueAndGrads(convolve)([x, weight as TfTensor], g);
      return [value, ...grads];
    });
  const [y, dX, dW] = compute() as [TfTensor, TfTensor, TfTensor];
  const results = { y: await readMap(tf, y), dX: await readMap(tf, dX), dW: await readWeight(tf, dW) };
  const heldBytes = held(tf);
  tf.dispose([y, dX, dW]);
  return {
    results,
    heldBytes,
    run: async () => {
      const found = compute();
      const rows = tf.tidy(() => found.map((x) => tf.slice(x, [0, 0, 0, 0], [1, 1, ...x.shape.slice(2)])));
      for (const row of rows) await row.data();
      tf.dispose([...found, ...rows]);
    },
    release: async () => net.dispose(),
  };
}

/** Forward, gradients of all trained variables, Adam, running statistics. */
export async function prepareStep(tf: Tf, net: TfGraph, { graph, inputs }: Traced): Promise<Running> {
  const optimizer = tf.train.adam(LEARNING_RATE, ...BETAS, EPSILON);
  const step = async (): Promise<number> => {
    const loss = tf.tidy(() => {
      let updates: ReturnType<TfGraph['compute']>['updates'] = [];
      const { value, grads } = tf.variableGrads(() => {
        const computed = net.compute(upload(tf, graph, inputs));
        updates = computed.updates.map(([variable, now]) => [variable, tf.keep(now)] as const);
        return computed.outputs['loss'] as TfTensor;
      }, net.trained);
      optimizer.applyGradients(grads);
      for (const [variable, now] of updates) {
        variable.assign(now);
        now.dispose();
      }
      return value;
    });
    const [read] = await loss.data();
    loss.dispose();
    return read as number;
  };
  const losses: number[] = [];
  for (let i = 0; i < STEPS_COMPARED; i++) losses.push(await step());
  return {
    results: { losses: Float32Array.from(losses) },
    heldBytes: held(tf),
    run: async () => void (await step()),
    release: async () => {
      optimizer.dispose();
      net.dispose();
    },
  };
}

/** What tfjs holds on the device; its recycled buffers count. */
function held(tf: Tf): number {
  const { numBytes, numBytesInGPU } = tf.memory();
  return numBytesInGPU ?? numBytes;
}
