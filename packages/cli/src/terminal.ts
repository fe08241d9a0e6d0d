/**
 * The outputs as commands write to them. Texts come from everywhere, and a terminal obeys some characters: what is
 * written is escaped once, here, so that no command can forget it. Cursor codes are the outputs' own.
 */
import { escapeControls } from '@infnet/core';
import type { Io, Output } from './io.js';

class Escaped implements Output {
  readonly #to: Output;

  constructor(to: Output) {
    this.#to = to;
  }

  get isTTY(): boolean {
    return this.#to.isTTY === true;
  }

  get columns(): number | undefined {
    return this.#to.columns;
  }

  write(text: string): unknown {
    return this.#to.write(escapeControls(text));
  }

  redraw(text: string): void {
    redraw(this.#to, escapeControls(text));
  }
}

/** Puts a text in place of what the line has on a terminal. */
export function redraw(output: Output, text: string): void {
  if (output.redraw !== undefined) output.redraw(text);
  else output.write(`\r\x1b[2K${text}`);
}

export function escapedIo({ stdout, stderr, ...rest }: Io): Io {
  return { ...rest, stdout: new Escaped(stdout), stderr: new Escaped(stderr) };
}
