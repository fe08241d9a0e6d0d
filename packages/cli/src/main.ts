import { CommanderError } from 'commander';
import { reasonOf, renderError } from './errors.js';
import { EXIT, type Io, say } from './io.js';
import { sayJson } from './json.js';
import { makeProgram } from './program.js';
import { escapedIo } from './terminal.js';

/**
 * Runs one command line.
 *
 * @param argv the arguments after the program's name, e.g. `['segment', 'slices', '--weights', 'w.pth', '--out', 'r']`
 * @returns the exit code ({@link EXIT}); never rejects
 */
export async function main(argv: readonly string[], raw: Io): Promise<number> {
  const io = escapedIo(raw);
  let code: number = EXIT.ok;
  const program = makeProgram(io, (result) => {
    code = result;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    return failed(error, argv, io);
  }
}

function failed(error: unknown, argv: readonly string[], io: Io): number {
  if (error instanceof CommanderError) {
    // Commander has printed the help or the error.
    if (error.code === 'commander.helpDisplayed' || error.code === 'commander.version') return EXIT.ok;
    tellProgram({ code: 'CLI_USAGE', message: error.message }, argv, io);
    return EXIT.setUp;
  }
  const reason = reasonOf(error);
  const interrupted = reason.code === 'CLI_INTERRUPTED' || reason.code === 'RUN_ABORTED';
  say(io.stderr, interrupted ? `infnet: ${reason.message}` : renderError(error));
  tellProgram(reason, argv, io);
  return interrupted ? EXIT.interrupted : EXIT.setUp;
}

/** With `--json` stdout has one document, also when nothing could be done. */
function tellProgram(
  error: { readonly code: string; readonly message: string; readonly fix?: string },
  argv: readonly string[],
  io: Io,
): void {
  if (!argv.includes('--json')) return;
  sayJson(io, { command: argv[0], ok: false, error });
}
