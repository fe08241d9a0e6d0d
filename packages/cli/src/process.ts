/** The command in a process of its own: the standard streams, Ctrl-C, the exit code. */
import process from 'node:process';
import { EXIT, type Io, say } from './io.js';
import { main } from './main.js';

/** Two signals closer than this are one: npx passes on what the terminal has already sent. */
const SAME_SIGNAL = 1000;

/** Runs `main` and sets the exit code. Does not end the process: it ends by itself when everything is written. */
export async function runInProcess(argv: readonly string[]): Promise<void> {
  const controller = new AbortController();
  let first = Number.POSITIVE_INFINITY;
  const stop = (): void => {
    if (performance.now() - first > SAME_SIGNAL) process.exit(EXIT.interrupted);
    if (controller.signal.aborted) return;
    first = performance.now();
    say(process.stderr, '\ninfnet: stopping; press Ctrl-C again to stop at once');
    controller.abort();
  };
  // A reader that has seen enough (`| head`) is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  const io: Io = { stdout: process.stdout, stderr: process.stderr, signal: controller.signal };
  try {
    process.exitCode = await main(argv, io);
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
  // What was interrupted (a compilation in the driver) cannot be called back and should not be waited for.
  if (controller.signal.aborted) process.exit();
}
