/** What answers the page's questions. */
import type { Method } from '../protocol.js';

export interface Call<Event> {
  readonly tell: (event: Event) => void;
  /** Aborted when the page asks to stop. */
  readonly signal: AbortSignal;
}

export type Handlers<M> = {
  readonly [K in keyof M]: M[K] extends Method<infer P, infer R, infer E>
    ? (params: P, call: Call<E>) => Answered<R> | Promise<Answered<R>>
    : never;
};

type Answered<R> = R | Transferring<R>;

/** A result whose arrays are handed over, not copied. */
export class Transferring<R> {
  constructor(
    readonly result: R,
    readonly transfer: readonly Transferable[],
  ) {}
}

export function transferring<R>(result: R, transfer: readonly Transferable[]): Transferring<R> {
  return new Transferring(result, transfer);
}
