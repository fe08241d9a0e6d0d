/**
 * Random numbers of a graph. They follow from three things: a key, which is an input of the plan and another one in
 * each step; the place of the operator in its trace; the index of the value. Nothing is kept on the device, so a mask
 * can be made again in the backward pass, and a training that goes on from a state draws what it would have drawn.
 */
import { InfnetError } from '@infnet/errors';
import { checkNames } from '../kernel/options.js';
import type { Graph } from './graph.js';
import type { Tensor } from './tensor.js';

/** The input that holds the key, u32 [3]: there where something random was traced. A training step gives it itself. */
export const RANDOM_KEY = 'step/random';

/** What the random numbers of one run follow from: integers of at least 0, below 2^32. */
export interface RandomKey {
  readonly seed: number;
  /** Default 0. */
  readonly step?: number;
  /** Which of the batches of one step. Default 0. */
  readonly batch?: number;
}

const WORD = 2 ** 32;

/** The value of the input {@link RANDOM_KEY}. @throws InfnetError `OPTION_UNKNOWN`, `OPTION_INVALID`. */
export function randomKey(key: RandomKey): Uint32Array<ArrayBuffer> {
  checkNames('randomKey', key, ['seed', 'step', 'batch']);
  const { seed, step = 0, batch = 0 } = key;
  for (const [name, value] of Object.entries({ seed, step, batch })) {
    if (Number.isInteger(value) && value >= 0 && value < WORD) continue;
    throw new InfnetError({
      code: 'OPTION_INVALID',
      message: `${name} is ${value}; an integer of 0 to ${WORD - 1} is needed`,
      where: 'randomKey',
    });
  }
  return Uint32Array.of(seed, step, batch);
}

const places = new WeakMap<Graph, number>();

/**
 * The key as a tensor, and a place that no other random operator of the graph has.
 */
export function nextRandom(graph: Graph): { readonly key: Tensor; readonly place: number } {
  const place = places.get(graph) ?? 0;
  places.set(graph, place + 1);
  const key = graph.inputs.get(RANDOM_KEY) ?? graph.input(RANDOM_KEY, { shape: [3], dtype: 'u32' });
  return { key, place };
}
