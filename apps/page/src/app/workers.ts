/** Two workers of one kind: one looks and segments, the other trains, so that neither waits for the other. */
import { WorkerClient } from './client.js';
import { tell } from './notices.js';

function start(name: string): WorkerClient {
  const worker = new Worker(new URL('../worker/main.ts', import.meta.url), { type: 'module', name });
  return new WorkerClient(worker, (reason) =>
    tell(`The GPU device was lost (${reason}). It is opened again by itself; your slices and weights are safe.`),
  );
}

let lab: WorkerClient | undefined;
let trainer: WorkerClient | undefined;

export function labWorker(): WorkerClient {
  lab ??= start('infnet');
  return lab;
}

export function trainWorker(): WorkerClient {
  trainer ??= start('infnet training');
  return trainer;
}
