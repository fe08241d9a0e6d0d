/**
 * Plans that do not fit are split along the batch: the same function, traced for fewer items, run several times.
 * Only for functions that treat batch items independently (any net in inference mode).
 */
import { InfnetError, isInfnetError } from '@infnet/errors';
import type { Context } from '../context/context.js';
import type { Tensor } from '../graph/tensor.js';
import { type InputSpec, inputType, type TraceResult, trace } from '../graph/trace.js';
import { elementCount, type HostTensorType } from '../tensor/types.js';
import { type Plan, type PlanOptions, preparePlan, type RunOptions } from './plan.js';
import type { RunInputs, TensorData } from './plan-buffers.js';

/** Runs a batch in one or several parts. */
export interface BatchedPlan extends Disposable {
  /** Items that one run of the underlying plan takes. */
  readonly itemsPerRun: number;
  readonly plan: Plan;
  /** As `Plan.run`, for the whole batch; a last part that is smaller is filled up with zeros and cut off again. */
  run(inputs: RunInputs, options?: RunOptions): Promise<Record<string, TensorData>>;
  dispose(): void;
}

/**
 * Plans `fn` for the largest part of the batch that fits the device's limits and `memoryBudget`: all of it, else half, and
 * so on down to one item.
 *
 * @param inputs shapes for the whole batch; dimension 0 of every input is the batch.
 * @throws InfnetError `MEMORY_LIMIT` or `MEMORY_BUDGET` when one item does not fit either, `PLAN_BATCH` when the inputs
 * have different batch sizes.
 */
export async function planInBatches<N extends string>(
  context: Context,
  fn: (inputs: Readonly<Record<N, Tensor>>) => TraceResult,
  inputs: Readonly<Record<N, InputSpec>>,
  options: PlanOptions = {},
): Promise<BatchedPlan> {
  const types = new Map(Object.entries<InputSpec>(inputs).map(([name, spec]) => [name, inputType(spec)]));
  const batch = batchOf(types);
  for (let items = batch; ; items = Math.ceil(items / 2)) {
    const specs = Object.fromEntries([...types].map(([name, type]) => [name, withBatch(type, items)]));
    try {
      const plan = await preparePlan(context, trace(fn, specs as Record<N, HostTensorType>), options);
      return new SplitBatch(plan, batch, items);
    } catch (error) {
      const tooLarge = isInfnetError(error, 'MEMORY_LIMIT') || isInfnetError(error, 'MEMORY_BUDGET');
      if (!tooLarge || items === 1) throw error;
    }
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
    const whole: Record<string, TensorData> = {};
    for (let first = 0; first < this.batch; first += this.itemsPerRun) {
      const items = Math.min(this.itemsPerRun, this.batch - first);
      const part = Object.fromEntries(
        Object.entries(inputs).map(([name, data]) => [name, this.#cut(name, data, first, items)]),
      );
      for (const [name, data] of Object.entries(await this.plan.run(part, options))) {
        const size = data.length / this.itemsPerRun;
        whole[name] ??= new (data.constructor as Float32ArrayConstructor)(size * this.batch);
        whole[name].set(data.subarray(0, items * size), first * size);
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

  #cut(name: string, data: TensorData, first: number, items: number): TensorData {
    const type = this.plan.schedule.inputs.get(name)?.type;
    if (type === undefined) return data;
    const size = elementCount(type.shape) / this.itemsPerRun;
    if (data.length !== size * this.batch) {
      const message = `input "${name}" needs ${size * this.batch} values for ${this.batch} items, got ${data.length}`;
      throw new InfnetError({ code: 'PLAN_INPUT', message });
    }
    const part = new (data.constructor as Float32ArrayConstructor)(size * this.itemsPerRun);
    part.set(data.subarray(first * size, (first + items) * size));
    return part;
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
