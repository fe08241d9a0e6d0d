/** The command in a process of its own: the standard streams, Ctrl-C, the exit code. */
import process from 'node:process';
import { cliError, renderError } from './errors.js';
import { EXIT, type Io, say } from './io.js';
import { main } from './main.js';
import { StandardOutput } from './streams.js';

/** Two signals closer than this are one: npx passes on what the terminal has already sent. */
const SAME_SIGNAL = 1000;

/** Runs `main` and sets the exit code. Does not end the process: it ends by itself when everything is written. */
export async function runInProcess(argv: readonly string[]): Promise<void> {
  const controller = new AbortController();
  const stdout = new StandardOutput(process.stdout, process.env);
  const stderr = new StandardOutput(process.stderr, process.env);
  let first = Number.POSITIVE_INFINITY;
  const stop = (): void => {
    if (performance.now() - first > SAME_SIGNAL) process.exit(EXIT.interrupted);
    if (controller.signal.aborted) return;
    first = performance.now();
    say(stderr, '\ninfnet: stopping; press Ctrl-C again to stop at once');
    controller.abort();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  const io: Io = { stdout, stderr, signal: controller.signal };
  try {
    const code = await main(argv, io);
    const lost = await stdout.settled();
    if (lost !== undefined) say(stderr, renderError(unwritten(lost)));
    process.exitCode = lost !== undefined && code === EXIT.ok ? EXIT.someFailed : code;
    await stderr.settled();
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
  // What was interrupted (a compilation in the driver) cannot be called back and should not be waited for.
  if (controller.signal.aborted) process.exit();
}

function unwritten(cause: Error): Error {
  const message = `The answer could not be written to the standard output: ${cause.message}.`;
  const fix = 'Free space there, or send it elsewhere. Files that the command wrote are whole.';
  return cliError('CLI_STDOUT', message, fix, { cause });
}
