/**
 * The standard streams as outputs that outlive their readers. A reader that has seen enough (`| head`) or a full disk
 * behind `2> train.log` must not end what took hours; only where the answer itself is lost it is said, at the end.
 */
import type { WriteStream } from 'node:tty';
import type { Output } from './io.js';

/** What is needed of `process.stdout`. */
export type Stream = Pick<WriteStream, 'on' | 'columns'> & {
  write(text: string, done: (error?: Error | null) => void): boolean;
  readonly isTTY?: boolean;
};

/** Errors of a stream that nobody reads any more. */
const NOBODY_READS = new Set(['EPIPE', 'ECONNRESET', 'EOF', 'ERR_STREAM_DESTROYED', 'ERR_STREAM_WRITE_AFTER_END']);

/** Whether a terminal may be sent cursor codes: https://no-color.org, and terminals that call themselves dumb. */
export function takesCursorCodes(environment: NodeJS.ProcessEnv): boolean {
  return (environment['NO_COLOR'] ?? '') === '' && environment['TERM'] !== 'dumb';
}

export class StandardOutput implements Output {
  readonly isTTY: boolean;
  readonly #stream: Stream;
  #isRead = true;
  #failure: Error | undefined;
  /** The last text that was given to the stream: written, or lost. */
  #last: Promise<void> = Promise.resolve();

  constructor(stream: Stream, environment: NodeJS.ProcessEnv) {
    this.#stream = stream;
    this.isTTY = stream.isTTY === true && takesCursorCodes(environment);
    stream.on('error', (error: Error) => this.#failed(error));
  }

  get columns(): number | undefined {
    return this.#stream.columns;
  }

  write(text: string): void {
    if (!this.#isRead) return;
    this.#last = new Promise((resolve) => {
      const done = (error?: Error | null): void => {
        if (error) this.#failed(error);
        resolve();
      };
      try {
        this.#stream.write(text, done);
      } catch (error) {
        // Node 20 writes to files at once.
        done(error instanceof Error ? error : new Error(String(error)));
      }
    });
  }

  /** Waits until everything is written or lost. @returns why something was lost that somebody would have read */
  async settled(): Promise<Error | undefined> {
    await this.#last;
    return this.#failure;
  }

  #failed(error: NodeJS.ErrnoException): void {
    if (NOBODY_READS.has(error.code ?? '')) this.#isRead = false;
    else this.#failure ??= error;
  }
}
