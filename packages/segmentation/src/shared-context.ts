/**
 * One context for all that computes one after the other, so that kernels are compiled once. When its device was lost it
 * is opened again: whoever asks gets one that is there.
 */
import { type Context, isInfnetError, type Module, ParameterStore, type StateDict } from '@infnet/core';

/** Devices on which something is tried. */
const MOST_DEVICES = 3;

export class SharedContext implements Disposable {
  readonly #open: (isAgain: boolean) => Promise<Context>;
  #context: Context | undefined;
  #last: Context | undefined;

  constructor(open: (isAgain: boolean) => Promise<Context>) {
    this.#open = open;
  }

  /** The context that was opened last, lost or not. */
  get last(): Context | undefined {
    return this.#last;
  }

  async open(): Promise<Context> {
    if (this.#context !== undefined) this.release(this.#context);
    this.#context ??= await this.#open(this.#last !== undefined);
    this.#last = this.#context;
    return this.#context;
  }

  /** Kept for the next one who asks, unless its device was lost. */
  release(context: Context): void {
    if (context.status === 'alive') return;
    context.dispose();
    if (this.#context === context) this.#context = undefined;
  }

  /** Does something with a context, again with another one where its device was lost. */
  async use<R>(body: (context: Context) => Promise<R>): Promise<R> {
    for (let device = 1; ; device++) {
      try {
        return await body(await this.open());
      } catch (error) {
        if (!isInfnetError(error, 'CONTEXT_LOST') || device === MOST_DEVICES) throw error;
      }
    }
  }

  /** Weights on the device as it is now, for a `Predictor`, which asks before every batch. */
  weights(module: Module<never, unknown>, state: StateDict): () => Promise<ParameterStore> {
    let store: ParameterStore | undefined;
    return async () => {
      const context = await this.open();
      if (store?.context !== context) {
        store = new ParameterStore(context, module);
        store.load(state);
      }
      return store;
    };
  }

  dispose(): void {
    this.#context?.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
