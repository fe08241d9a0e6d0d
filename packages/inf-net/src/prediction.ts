/** Inf-Net's prediction, planned once for a batch and run for every batch: for slices, validation, pseudo labels. */
import {
  type Context,
  checkNames,
  type ParameterStore,
  type Plan,
  type PlanOptions,
  planInBatches,
  type Tensor,
  type TraceResult,
} from '@infnet/core';
import type { InfNet } from './inf-net.js';

/** Logits [size * size] of each input. */
export interface PredictedMaps {
  readonly lateralMap2: Float32Array[];
  /** Where it was planned with `edge`. */
  readonly lateralEdge: Float32Array[] | undefined;
}

export interface Prediction extends Disposable {
  /**
   * Logits of lateral map 2, [size * size] each, of at most `batch` inputs [3 * size * size].
   *
   * @throws InfnetError `RUN_ABORTED`, `CONTEXT_LOST`, ...
   */
  run(inputs: readonly Float32Array[], signal?: AbortSignal): Promise<Float32Array[]>;
  /** The same with the edge's logits. */
  maps(inputs: readonly Float32Array[], signal?: AbortSignal): Promise<PredictedMaps>;
  /** What runs, for figures and profiles; its batch may be smaller than the prediction's. */
  readonly plan: Plan;
}

export interface PredictionOptions extends Pick<PlanOptions, 'precision' | 'onProgress' | 'onMessage'> {
  readonly size: number;
  readonly batch: number;
  /** Whether the edge is computed too. Default false. */
  readonly edge?: boolean;
}

/** The net must be in inference mode while it is planned; parameters may change between runs. */
export async function planPrediction(
  context: Context,
  net: InfNet,
  parameters: ParameterStore,
  given: PredictionOptions,
): Promise<Prediction> {
  checkNames('planPrediction', given, ['size', 'batch', 'edge', 'precision', 'onProgress', 'onMessage']);
  const { size, batch, edge = false, ...options } = given;
  // Nothing is computed for maps that are not asked for.
  const forward = ({ image }: { readonly image: Tensor }): TraceResult => {
    const { lateralMap2, lateralEdge } = net.call(image);
    return edge ? { lateralMap2, lateralEdge } : { lateralMap2 };
  };
  const planned = await planInBatches(context, forward, { image: [batch, 3, size, size] }, { ...options, parameters });
  const area = size * size;
  const maps: Prediction['maps'] = async (inputs, signal) => {
    const image = new Float32Array(batch * 3 * area);
    for (const [i, input] of inputs.entries()) image.set(input, i * 3 * area);
    const outputs = await planned.run({ image }, { signal });
    const cut = (all: unknown): Float32Array[] =>
      inputs.map((_, i) => (all as Float32Array).slice(i * area, (i + 1) * area));
    return {
      lateralMap2: cut(outputs['lateralMap2']),
      lateralEdge: edge ? cut(outputs['lateralEdge']) : undefined,
    };
  };
  return {
    plan: planned.plan,
    maps,
    run: async (inputs, signal) => (await maps(inputs, signal)).lateralMap2,
    [Symbol.dispose]: () => planned.dispose(),
  };
}
