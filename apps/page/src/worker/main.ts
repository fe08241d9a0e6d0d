/** The worker: one device, and everything that computes. */
import '../app/standard.js';
import type { FromWorker, Methods, ToWorker } from '../protocol.js';
import { tasks } from '../tasks.js';
import { compareHandlers } from './compare.js';
import { Gpu } from './gpu.js';
import { type Call, type Handlers, Transferring } from './handlers.js';
import { inspectHandlers } from './inspect.js';
import { segmentHandlers } from './segment.js';
import { taskReport } from './task-protocol.js';
import { trainHandlers } from './train.js';
import { wireError } from './wire-error.js';

/** What a worker's global scope has; the DOM's types describe a window. */
interface WorkerScope {
  postMessage(message: FromWorker, transfer: Transferable[]): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<ToWorker>) => void): void;
}

const scope = globalThis as unknown as WorkerScope;
const post = (message: FromWorker, transfer: readonly Transferable[] = []): void =>
  scope.postMessage(message, [...transfer]);

const gpu = new Gpu((reason) => post({ kind: 'lost', reason }));
const segment = segmentHandlers(gpu);
const handlers: Handlers<Methods> = {
  adapter: () => gpu.report(),
  memory: () => gpu.memory(),
  destroyDevice() {
    gpu.destroy();
    return undefined;
  },
  ...segment.handlers,
  ...inspectHandlers(gpu, segment.network),
  ...trainHandlers(gpu),
  ...compareHandlers(gpu),
  tasks: () => tasks.map(taskReport),
};

const running = new Map<number, AbortController>();

async function answer({ id, method, params }: ToWorker & { readonly kind: 'ask' }): Promise<void> {
  const controller = new AbortController();
  running.set(id, controller);
  const { signal } = controller;
  try {
    const handler = handlers[method] as (params: unknown, call: Call<unknown>) => unknown;
    const result = await handler(params, { signal, tell: (event) => post({ kind: 'news', id, event }) });
    if (result instanceof Transferring) post({ kind: 'answer', id, result: result.result }, result.transfer);
    else post({ kind: 'answer', id, result });
  } catch (error) {
    post({ kind: 'failure', id, error: wireError(error, method, signal) });
  } finally {
    running.delete(id);
  }
}

scope.addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
  if (data.kind === 'stop') running.get(data.id)?.abort();
  else void answer(data);
});
