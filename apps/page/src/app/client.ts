/** The page's side of a worker: asks, hears news, stops. */
import type { EventOf, FromWorker, MethodName, Params, Result, ToWorker, WireError } from '../protocol.js';

/** An answer that was none. */
export class WorkerFailure extends Error {
  constructor(readonly wire: WireError) {
    super(`[${wire.code}] ${wire.message}`);
  }
}

export interface AskOptions<M extends MethodName> {
  readonly onEvent?: (event: EventOf<M>) => void;
  readonly signal?: AbortSignal;
  readonly transfer?: readonly Transferable[];
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: unknown): void;
  onEvent(event: unknown): void;
}

export class WorkerClient {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  /** @param onLost told when the device was lost */
  constructor(worker: Worker, onLost: (reason: string) => void) {
    this.#worker = worker;
    worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => {
      if (data.kind === 'lost') {
        onLost(data.reason);
        return;
      }
      const waiting = this.#waiting.get(data.id);
      if (data.kind === 'news') waiting?.onEvent(data.event);
      else {
        this.#waiting.delete(data.id);
        if (data.kind === 'answer') waiting?.resolve(data.result);
        else waiting?.reject(new WorkerFailure(data.error));
      }
    });
    worker.addEventListener('error', (event) => {
      const message = event.message || 'The worker could not be started.';
      const fix = 'Reload the page. If it happens again, report it with your browser and its version.';
      for (const { reject } of this.#waiting.values()) reject(new WorkerFailure({ code: 'WORKER', message, fix }));
      this.#waiting.clear();
    });
  }

  /** @throws WorkerFailure */
  ask<M extends MethodName>(method: M, params: Params<M>, options: AskOptions<M> = {}): Promise<Result<M>> {
    const id = ++this.#lastId;
    const { onEvent, signal, transfer = [] } = options;
    const post = (message: ToWorker, handed: readonly Transferable[] = []): void =>
      this.#worker.postMessage(message, [...handed]);
    return new Promise<Result<M>>((resolve, reject) => {
      this.#waiting.set(id, {
        resolve: (result) => resolve(result as Result<M>),
        reject,
        onEvent: (event) => onEvent?.(event as EventOf<M>),
      });
      const stop = (): void => post({ kind: 'stop', id });
      signal?.addEventListener('abort', stop, { once: true });
      post({ kind: 'ask', id, method, params }, transfer);
      if (signal?.aborted) stop();
    });
  }
}
