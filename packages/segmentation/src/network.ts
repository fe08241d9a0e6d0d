/** A task's net on a device: slices in, logits out. */
import {
  type Context,
  type ParameterStore,
  type PlanOptions,
  type PlanProgress,
  type Precision,
  Predictor,
  trace,
} from '@infnet/core';
import { fits, largestSide, withFitting } from '@infnet/trainer';
import type { SharedContext } from './shared-context.js';
import type { TaskNet, TaskSlice } from './task.js';
import type { LoadedNet } from './weights.js';

export interface NetworkSize {
  /** Pixels per side of the net's input. */
  readonly size: number;
  /** Slices per run. */
  readonly batch: number;
}

/** A slice on its way through a net, with whatever else shall come back with its answer. */
export interface OnItsWay {
  readonly slice: TaskSlice;
}

export interface EachOptions<T> {
  readonly signal?: AbortSignal | undefined;
  /** Gets what could not be computed; the others are. Without it the error is thrown. */
  readonly onFailed?: (error: unknown, items: readonly T[]) => void;
}

export interface Answered<T> {
  readonly item: T;
  /** [C * size * size] */
  readonly logits: Float32Array;
  /** The item's share of its batch's run. */
  readonly seconds: number;
}

type Sources<S> = Iterable<S> | AsyncIterable<S>;

export interface Network {
  readonly net: TaskNet;
  /** What it computes with. */
  readonly precision: Precision;
  /**
   * Slices one after the other, in batches, from wherever they come.
   *
   * @param load undefined leaves one out
   * @throws InfnetError `RUN_ABORTED`, `CONTEXT_LOST`, ...
   */
  each<S, T extends OnItsWay>(
    sources: Sources<S>,
    load: (source: S) => T | undefined | Promise<T | undefined>,
    size: NetworkSize,
    options?: EachOptions<T>,
  ): AsyncGenerator<Answered<T>, void, undefined>;
}

export interface NetworkOptions extends NetworkSize, Pick<PlanOptions, 'precision' | 'onMessage'> {
  readonly onProgress?: (progress: Pick<PlanProgress, 'done' | 'total'>) => void;
}

/**
 * Puts weights on a device and plans a size; on another device again where that was lost. The disposal of the shared
 * context frees everything.
 */
export async function openNetwork(
  shared: SharedContext,
  { net, state }: Pick<LoadedNet, 'net' | 'state'>,
  { precision, onMessage, onProgress, ...size }: NetworkOptions,
): Promise<Network> {
  const predictor = predictorOf(net, shared.weights(net.module, state), { precision, onMessage });
  const plan = await predictor.prepare(batchOf(net, size), { onProgress }).catch((error: unknown) => {
    throw withFitting(error, () => fittingSizes(shared.last, net, size.size, precision));
  });
  return {
    net,
    precision: plan.precision,
    each: (sources, load, at, options) => eachSlice(predictor, net, sources, load, at, options),
  };
}

/** The largest size at which one slice fits. */
function fittingSizes(
  context: Context | undefined,
  net: TaskNet,
  size: number,
  precision: Precision | undefined,
): readonly string[] {
  if (context === undefined) return [];
  const suits = (size: number): boolean => {
    const { item } = batchOf(net, { size, batch: 1 });
    const shapes = Object.fromEntries(Object.entries(item).map(([name, shape]) => [name, [1, ...shape]]));
    const graph = trace((inputs) => ({ logits: net.forward(inputs).logits }), shapes);
    return fits(context, graph, { precision });
  };
  const found = largestSide(size, net.sizeMultiple, suits);
  return found === undefined ? [] : [`maps of ${found} x ${found}`];
}

/** A predictor of the logits alone. */
export function predictorOf(
  net: TaskNet,
  parameters: ParameterStore | (() => ParameterStore | Promise<ParameterStore>),
  options: Pick<PlanOptions, 'precision' | 'onMessage'> = {},
): Predictor<string, 'logits'> {
  return new Predictor({ ...options, parameters, forward: (inputs) => ({ logits: net.forward(inputs).logits }) });
}

/** As {@link Network.each}, by a predictor of one's own. */
export async function* eachSlice<S, T extends OnItsWay>(
  predictor: Predictor<string, 'logits'>,
  net: TaskNet,
  sources: Sources<S>,
  load: (source: S) => T | undefined | Promise<T | undefined>,
  size: NetworkSize,
  { signal, onFailed }: EachOptions<T> = {},
): AsyncGenerator<Answered<T>, void, undefined> {
  const prepare = async (
    source: S,
  ): Promise<{ readonly item: T; readonly inputs: ReturnType<TaskNet['input']> } | undefined> => {
    const item = await load(source);
    if (item === undefined) return undefined;
    try {
      return { item, inputs: net.input(item.slice, size.size) };
    } catch (error) {
      if (onFailed === undefined) throw error;
      onFailed(error, [item]);
      return undefined;
    }
  };
  const answers = predictor.each(batchOf(net, size), sources, prepare, {
    signal,
    ...(onFailed === undefined
      ? {}
      : {
          onFailed: (error, items) =>
            onFailed(
              error,
              items.map(({ item }) => item),
            ),
        }),
  });
  for await (const { item, outputs, seconds } of answers) yield { item: item.item, logits: outputs.logits, seconds };
}

function batchOf(
  net: TaskNet,
  { size, batch }: NetworkSize,
): { readonly item: ReturnType<TaskNet['inputShapes']>; readonly batch: number } {
  return { item: net.inputShapes(size), batch };
}
