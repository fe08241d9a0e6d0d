/** Where a command writes, and what may stop it: handed in, so that tests run commands in their own process. */

export interface Output {
  write(text: string): unknown;
  /** Whether lines may be drawn anew in place. */
  readonly isTTY?: boolean;
  readonly columns?: number | undefined;
  /** Puts a text in place of what the line has. Default: the codes of terminals are written. */
  redraw?(text: string): void;
}

export interface Io {
  /** Results. With `--json` one document and nothing else. */
  readonly stdout: Output;
  /** Messages and progress. */
  readonly stderr: Output;
  /** Aborted by Ctrl-C. */
  readonly signal?: AbortSignal;
}

/** What a command returns to the shell. */
export const EXIT = {
  /** Everything was done. */
  ok: 0,
  /** Some files failed; the others were done. */
  someFailed: 1,
  /** Wrong usage, or nothing could be done: no adapter, unreadable weights, no such folder. */
  setUp: 2,
  /** Stopped by Ctrl-C: 128 + SIGINT. */
  interrupted: 130,
} as const;

export function say(output: Output, line: string): void {
  output.write(`${line}\n`);
}
