/**
 * A net that is asked item by item: slices of a file, of a validation, of a propagation.
 *
 * `planInBatches` plans for one size of a batch, and runs whole batches. A predictor plans when it is asked for a size,
 * keeps a few plans, makes batches of single items and cuts the outputs into items again. It knows nothing of a net but
 * a function to trace and where its parameters are: where those are gone with their device, it asks for them again.
 */
import { InfnetError, isInfnetError } from '@infnet/errors';
import type { Tensor } from '../graph/tensor.js';
import { checkNames, checkOptions } from '../kernel/options.js';
import type { ParameterStore } from '../module/parameter-store.js';
import { type BatchedPlan, planInBatches } from '../plan/in-batches.js';
import type { PlanOptions } from '../plan/options.js';
import type { Plan } from '../plan/plan.js';
import { unlessAborted } from './abort.js';
import { batches, type Predictable } from './batches.js';
import {
  assertPerItem,
  type BatchSize,
  batchSpecs,
  cutItems,
  type ItemInputs,
  type ItemOutputs,
  itemTypes,
  joinItems,
} from './items.js';
import { PlanCache } from './plan-cache.js';

const CALL_OPTIONS = ['parameters', 'signal', 'onProgress'] as const;
const PLAN_OPTIONS = ['precision', 'memoryBudget', 'maxSubmitSeconds', 'tuning', 'onMessage'] as const;

/**
 * The parameters, and with them the device. A function is asked before every batch; when it gives another store, plans
 * are made again. When a device was lost it is asked once more, and the batch is computed again with what it gives.
 */
export type PresentParameters = ParameterStore | (() => ParameterStore | Promise<ParameterStore>);

export interface PredictorOptions<I extends string = string, O extends string = string>
  extends Pick<PlanOptions, (typeof PLAN_OPTIONS)[number]> {
  /**
   * Traced once per size: inputs [batch, ...] by name to outputs [batch, ...] by name, float32. The net is in inference
   * mode while it is traced.
   */
  readonly forward: (inputs: Readonly<Record<I, Tensor>>) => Readonly<Record<O, Tensor>>;
  /** Where no call brings its own. */
  readonly parameters?: PresentParameters;
  /** Plans that are kept, one for each size; that used least recently is disposed for another one. Default 2. */
  readonly plans?: number;
}

export interface PredictorProgress {
  /**
   * `compile`: pipelines of a plan that is being made. `items`: items that are done; `total` is Infinity where the
   * sources do not say how many they are.
   */
  readonly phase: 'compile' | 'items';
  readonly done: number;
  readonly total: number;
}

export interface PredictOptions {
  /** In place of the predictor's own, e.g. those of a training as they are now. */
  readonly parameters?: PresentParameters;
  /** Stops before a batch, and between two submits of it. A plan that is being made is finished, and kept. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: PredictorProgress) => void) | undefined;
}

export interface PredictEachOptions<T> extends PredictOptions {
  /**
   * Gets the items of a batch that could not be computed; the next batch goes on. Without it the error is thrown, as
   * those always are that end everything: `RUN_ABORTED`, `CONTEXT_LOST`, `CONTEXT_DISPOSED`.
   */
  readonly onFailed?: (error: unknown, items: readonly T[]) => void;
}

export interface Predicted<T, O extends string = string> {
  readonly item: T;
  readonly outputs: ItemOutputs<O>;
  /** This item's share of its batch's run. */
  readonly seconds: number;
}

/** Devices on which a batch is tried. */
const MOST_DEVICES = 3;
const FATAL = ['RUN_ABORTED', 'CONTEXT_LOST', 'CONTEXT_DISPOSED'];

export class Predictor<I extends string = string, O extends string = string> implements Disposable {
  readonly #options: PredictorOptions<I, O>;
  /** Plans for a store. */
  #current: { readonly store: ParameterStore; readonly plans: PlanCache } | undefined;
  #disposed = false;

  /** @throws InfnetError `OPTION_...`. Nothing is planned before it is asked for. */
  constructor(options: PredictorOptions<I, O>) {
    checkNames('Predictor', options, ['forward', 'parameters', 'plans', ...PLAN_OPTIONS]);
    const { plans = 2 } = options;
    checkOptions('Predictor', { plans }, { plans: 'size' });
    this.#options = options;
  }

  /**
   * Plans a size before its first item comes. The plan is the predictor's; its batch may be smaller than the one that
   * was asked for.
   *
   * @throws InfnetError what `planInBatches` throws; `PREDICTOR_OUTPUT`, `PREDICTOR_DISPOSED`, `RUN_ABORTED`.
   */
  async prepare(size: BatchSize<I>, options: PredictOptions = {}): Promise<Plan> {
    checkNames('Predictor.prepare', options, CALL_OPTIONS);
    return this.#withPlan(size, options, ({ plan }) => plan);
  }

  /**
   * The outputs of items, in their order. The items are copied batch by batch, when their batch's turn comes.
   *
   * @throws InfnetError as `each`.
   */
  async run(
    size: BatchSize<I>,
    items: readonly ItemInputs<I>[],
    options: PredictOptions = {},
  ): Promise<ItemOutputs<O>[]> {
    checkNames('Predictor.run', options, CALL_OPTIONS);
    const all: ItemOutputs<O>[] = [];
    const load = (inputs: ItemInputs<I>): Predictable<I> => ({ inputs });
    for await (const { outputs } of this.each(size, items, load, options)) all.push(outputs);
    return all;
  }

  /**
   * Items one after the other from wherever they come. Those of one batch are loaded together; nothing of the next one
   * is loaded before the caller has asked for more.
   *
   * @param load inputs of an item; undefined leaves it out, and the batch is filled up with the next one.
   * @throws InfnetError `PLAN_INPUT`, `RUN_ABORTED`, `CONTEXT_LOST` (when there is no other device), and what planning
   *   and running throw; what `sources` and `load` throw.
   */
  async *each<S, T extends Predictable<I>>(
    size: BatchSize<I>,
    sources: Iterable<S> | AsyncIterable<S>,
    load: (source: S) => T | undefined | Promise<T | undefined>,
    options: PredictEachOptions<T> = {},
  ): AsyncGenerator<Predicted<T, O>, void, undefined> {
    checkNames('Predictor.each', options, [...CALL_OPTIONS, 'onFailed']);
    const { signal, onProgress, onFailed } = options;
    const total = Array.isArray(sources) ? sources.length : Number.POSITIVE_INFINITY;
    let done = 0;
    for await (const items of batches(sources, load, size.batch, signal)) {
      const begun = performance.now();
      let outputs: readonly ItemOutputs<O>[] = [];
      try {
        outputs = await this.#compute(size, items, options);
      } catch (error) {
        if (onFailed === undefined || FATAL.some((code) => isInfnetError(error, code))) throw error;
        onFailed(error, items);
      }
      const seconds = (performance.now() - begun) / 1000 / items.length;
      for (const [i, output] of outputs.entries()) {
        yield { item: items[i] as T, outputs: output, seconds };
        onProgress?.({ phase: 'items', done: ++done, total });
      }
    }
  }

  /** Frees all plans; a run in progress fails with `PLAN_DISPOSED`. The parameters are not the predictor's. */
  dispose(): void {
    this.#disposed = true;
    this.#current?.plans.dispose();
    this.#current = undefined;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  async #compute(
    size: BatchSize<I>,
    items: readonly Predictable<I>[],
    options: PredictOptions,
  ): Promise<ItemOutputs<O>[]> {
    const { signal } = options;
    return this.#withPlan(size, options, async (plan) => {
      const given = items.map(({ inputs }) => inputs);
      const inputs = joinItems(itemTypes(size.item), size.batch, given);
      const outputs = await plan.run(inputs, signal === undefined ? {} : { signal });
      return cutItems<O>(outputs, size.batch, items.length);
    });
  }

  /** Once more on another device where there is one: the device was lost, what is asked for was not. */
  async #withPlan<R>(
    size: BatchSize<I>,
    { parameters = this.#options.parameters, signal, onProgress }: PredictOptions,
    body: (plan: BatchedPlan) => R | Promise<R>,
  ): Promise<R> {
    checkOptions('Predictor', size, { item: 'object', batch: 'size' });
    const key = JSON.stringify([size.batch, Object.entries(size.item)]);
    let lost: { readonly store: ParameterStore | undefined; readonly error: unknown } | undefined;
    for (let device = 1; ; device++) {
      let store: ParameterStore | undefined;
      try {
        const current = await this.#present(parameters);
        store = current.store;
        if (store === lost?.store) throw lost.error;
        return await current.plans.use(
          key,
          () => this.#plan(current.store, size, onProgress),
          async (planning) => body(await unlessAborted(planning, signal)),
        );
      } catch (error) {
        const isAgain = store !== undefined && store === lost?.store;
        if (!isInfnetError(error, 'CONTEXT_LOST') || device === MOST_DEVICES || isAgain) throw error;
        lost = { store, error };
      }
    }
  }

  /** The store as it is now, with its plans; those for another one are disposed. */
  async #present(
    parameters: PresentParameters | undefined,
  ): Promise<{ readonly store: ParameterStore; readonly plans: PlanCache }> {
    if (parameters === undefined) {
      const fix = 'Give `parameters` to the predictor, or to every call.';
      throw new InfnetError({
        code: 'PREDICTOR_PARAMETERS',
        message: 'there are no parameters',
        where: 'Predictor',
        fix,
      });
    }
    this.#assertUsable();
    const store = typeof parameters === 'function' ? await parameters() : parameters;
    this.#assertUsable();
    if (this.#current?.store !== store) {
      this.#current?.plans.retire();
      this.#current = { store, plans: new PlanCache(this.#options.plans ?? 2) };
    }
    return this.#current;
  }

  #plan(store: ParameterStore, size: BatchSize<I>, onProgress: PredictOptions['onProgress']): Promise<BatchedPlan> {
    const { forward, parameters: _, plans: __, ...options } = this.#options;
    const traced = (inputs: Readonly<Record<I, Tensor>>): Readonly<Record<O, Tensor>> => {
      const outputs = forward(inputs);
      assertPerItem(inputs, outputs);
      return outputs;
    };
    return planInBatches(store.context, traced, batchSpecs(size), {
      ...options,
      parameters: store,
      onProgress: ({ done, total }) => onProgress?.({ phase: 'compile', done, total }),
    });
  }

  #assertUsable(): void {
    if (!this.#disposed) return;
    throw new InfnetError({ code: 'PREDICTOR_DISPOSED', message: 'the predictor was disposed', where: 'Predictor' });
  }
}
