/** Two workers of one kind: one looks and segments, the other trains, so that neither waits for the other. */
import main from '../worker/main.ts?worker&url';
import { WorkerClient } from './client.js';
import { tell } from './notices.js';

/**
 * A worker has the policy that its own file was sent with, and a static host sends none. One that is started from a
 * blob inherits the page's: it can send nothing away either.
 */
function start(name: string): WorkerClient {
  const script = `import ${JSON.stringify(new URL(main, import.meta.url).href)};`;
  const file = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
  const worker = new Worker(file, { type: 'module', name });
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
