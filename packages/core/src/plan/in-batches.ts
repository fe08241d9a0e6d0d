/**
 * Plans that do not fit are split along the batch: the same function, traced for fewer items, run several times.
 * Only for functions that treat batch items independently (any net in inference mode).
 */
import { InfnetError } from '@infnet/errors';
import type { Context } from '../context/context.js';
import type { Graph } from '../graph/graph.js';
import type { Tensor } from '../graph/tensor.js';
import { type InputSpec, inputType, type TraceResult, trace } from '../graph/trace.js';
import { ARRAYS, dtypeOf, kindOf, type TensorData } from '../tensor/host-data.js';
import { elementCount, formatShape, type HostDType, type HostTensorType, sameShape } from '../tensor/types.js';
import { isTooLarge } from './fit.js';
import type { RunInputs } from './inputs.js';
import type { PlanOptions, RunOptions } from './options.js';
import { type Plan, preparePlan } from './plan.js';

/** Runs a batch in one or several parts. */
export interface BatchedPlan extends Disposable {
  /** Items that one run of the underlying plan takes. */
  readonly itemsPerRun: number;
  readonly plan: Plan;
  /**
   * As `Plan.run`, for the whole batch, all parts in a row; a last part that is smaller is filled up with zeros and cut
   * off again.
   */
  run(inputs: RunInputs, options?: RunOptions): Promise<Record<string, TensorData>>;
  dispose(): void;
}

/**
 * Plans `fn` for the largest part of the batch that fits the device's limits and `memoryBudget`: all of it, else half,
 * and so on down to one item.
 *
 * @param inputs shapes for the whole batch; dimension 0 of every input is the batch.
 * @throws InfnetError `MEMORY_LIMIT`, `MEMORY_BUDGET`, `MEMORY_FREE` or `KERNEL_WORKGROUPS` when one item does not fit
 *   either, `PLAN_BATCH` when the inputs have different batch sizes, or when the function cannot be split.
 */
export async function planInBatches<N extends string>(
  context: Context,
  fn: (inputs: Readonly<Record<N, Tensor>>) => TraceResult,
  inputs: Readonly<Record<N, InputSpec>>,
  options: PlanOptions = {},
): Promise<BatchedPlan> {
  const types = new Map(Object.entries<InputSpec>(inputs).map(([name, spec]) => [name, inputType(spec)]));
  const batch = batchOf(types);
  let whole: Graph | undefined;
  for (let items = batch; ; items = Math.ceil(items / 2)) {
    const specs = Object.fromEntries([...types].map(([name, type]) => [name, withBatch(type, items)]));
    try {
      const graph = trace(fn, specs as Record<N, HostTensorType>);
      whole ??= graph;
      if (items < batch) checkSplittable(whole, graph, batch, items);
      const plan = await preparePlan(context, graph, options);
      return new SplitBatch(plan, batch, items);
    } catch (error) {
      if (!isTooLarge(error) || items === 1) throw error;
    }
  }
}

/**
 * What can be seen of a function that must not be split: it changes parameters (each part would change them), or has an
 * output that is not made of the items' own results.
 *
 * @throws InfnetError `PLAN_BATCH`.
 */
function checkSplittable(whole: Graph, part: Graph, batch: number, items: number): void {
  const fail = (message: string): never => {
    const fix =
      'Use a smaller batch or image size: only functions of single items can be split (any net in inference mode).';
    throw new InfnetError({ code: 'PLAN_BATCH', message: `the batch of ${batch} does not fit, and ${message}`, fix });
  };
  if (whole.updates.size > 0) fail('parts of it would each change the parameters');
  for (const [name, { shape }] of part.outputs) {
    const all = whole.outputs.get(name)?.shape ?? [];
    if (shape[0] === items && sameShape(all, [batch, ...shape.slice(1)])) continue;
    fail(`the output "${name}" ${formatShape(all)} is not one result for each item`);
  }
}

class SplitBatch implements BatchedPlan {
  constructor(
    readonly plan: Plan,
    readonly batch: number,
    readonly itemsPerRun: number,
  ) {}

  async run(inputs: RunInputs, options: RunOptions = {}): Promise<Record<string, TensorData>> {
    if (this.itemsPerRun === this.batch) return this.plan.run(inputs, options);
    const starts = Array.from({ length: Math.ceil(this.batch / this.itemsPerRun) }, (_, i) => i * this.itemsPerRun);
    // All parts are called for now: they are computed in a row, with the parameters and inputs of this moment.
    const cuts = starts.map((first) => this.#cutAll(inputs, first));
    const parts = await Promise.all(cuts.map((part) => this.plan.run(part, options)));
    const whole: Record<string, TensorData> = {};
    for (const [i, part] of parts.entries()) {
      for (const [name, data] of Object.entries(part)) {
        const size = data.length / this.itemsPerRun;
        const first = starts[i] as number;
        whole[name] ??= new (data.constructor as Float32ArrayConstructor)(size * this.batch);
        whole[name].set(data.subarray(0, Math.min(this.itemsPerRun, this.batch - first) * size), first * size);
      }
    }
    return whole;
  }

  dispose(): void {
    this.plan.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #cutAll(inputs: RunInputs, first: number): RunInputs {
    return Object.fromEntries(Object.entries(inputs).map(([name, data]) => [name, this.#cut(name, data, first)]));
  }

  /** A view of the part's items; a last part that is smaller gets memory of its own, filled up with zeros. */
  #cut(name: string, data: TensorData, first: number): TensorData {
    const type = this.plan.schedule.inputs.get(name)?.type;
    // Left to the plan to refuse.
    if (type === undefined || !ArrayBuffer.isView(data) || kindOf(data) !== ARRAYS[type.dtype as HostDType].name)
      return data;
    const size = elementCount(type.shape) / this.itemsPerRun;
    if (data.length !== size * this.batch) {
      const message = `input "${name}" needs ${size * this.batch} values for ${this.batch} items, got ${data.length}`;
      throw new InfnetError({ code: 'PLAN_INPUT', message });
    }
    const part = data.subarray(first * size, (first + this.itemsPerRun) * size);
    if (part.length === size * this.itemsPerRun) return part;
    const filled = new ARRAYS[dtypeOf(data)](size * this.itemsPerRun);
    filled.set(part);
    return filled;
  }
}

function batchOf(types: ReadonlyMap<string, HostTensorType>): number {
  const sizes = new Set([...types.values()].map(({ shape }) => shape[0]));
  const [batch] = sizes;
  if (sizes.size === 1 && batch !== undefined) return batch;
  throw new InfnetError({
    code: 'PLAN_BATCH',
    message: `planInBatches needs inputs with one batch size, got ${[...sizes].join(', ')}`,
    fix: 'Dimension 0 of every input must be the batch.',
  });
}

function withBatch(type: HostTensorType, items: number): HostTensorType {
  return { ...type, shape: [items, ...type.shape.slice(1)] };
}
