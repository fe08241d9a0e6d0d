/** onnxruntime, whichever build of it: a session of the ONNX file that `exportOnnx` writes of the traced graph. */
import { exportOnnx } from '@infnet/checkpoint';
import { InfnetError } from '@infnet/core';
import type { Running, Workload } from '../protocol.js';
import type { Traced } from '../workloads.js';

export interface OrtTensor {
  readonly data: Float32Array;
}

type OrtResults = Readonly<Record<string, OrtTensor>>;

interface OrtSession {
  run(feeds: OrtResults, fetches: readonly string[]): Promise<OrtResults>;
  release(): Promise<void>;
}

/** The part of the library's interface that is used; it is not part of the workspace. */
export interface Ort {
  readonly Tensor: new (type: 'float32', data: Float32Array, shape: readonly number[]) => OrtTensor;
  readonly InferenceSession: { create(model: Uint8Array, options: object): Promise<OrtSession> };
  readonly TrainingSession?: unknown;
}

/** @throws InfnetError `BENCH_PEER` for a workload with gradients; otherwise the library's own error. */
export async function prepareSession(
  ort: Ort,
  library: string,
  options: object,
  { kind }: Workload,
  { graph, state, inputs, timed }: Traced,
): Promise<Running> {
  if (kind === 'step' || kind === 'gradients') {
    const message = `${library} computes no gradients: TrainingSession is ${String(ort.TrainingSession)}`;
    throw new InfnetError({ code: 'BENCH_PEER', message });
  }
  const session = await ort.InferenceSession.create(exportOnnx(graph, state()), { logSeverityLevel: 3, ...options });
  const feeds = Object.fromEntries(
    [...graph.inputs].map(([name, { shape }]) => [
      name,
      new ort.Tensor('float32', inputs[name] as Float32Array, shape),
    ]),
  );
  const outputs = [...graph.outputs.keys()].filter((name) => name !== 'rows');
  const found = await session.run(feeds, outputs);
  return {
    results: Object.fromEntries(Object.entries(found).map(([name, { data }]) => [name, data])),
    run: async () => void (await session.run(feeds, timed)),
    release: () => session.release(),
  };
}
