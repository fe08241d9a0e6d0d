/**
 * `log.jsonl`: a line of JSON for every event, appended as it happens. Numbers that JSON does not have are texts:
 * "NaN", "Infinity".
 *
 * A killed run leaves lines of steps that the last state does not know, perhaps half a line: they are cut off before
 * the run continues, since the steps come again. The state's file says how many lines there were. A line that cannot be
 * written (full disk) stays in memory and is tried again with the next one, over whatever the failed try left behind.
 */
import { writeJson } from '@infnet/trainer';
import { type EpochLine, type LogLine, type NoteLine, readLines } from './log-lines.js';
import type { OpenFile, RunStore } from './store.js';

export class RunLog {
  /** Numbers, from 1, of lines of the file that were damaged; a note is in their place. */
  readonly damaged: readonly number[];
  readonly #lines: LogLine[];
  readonly #store: RunStore;
  readonly #path: string;
  #file: OpenFile;
  /** Lines that are in the file, and its bytes up to there. */
  #written: number;
  #end: number;

  private constructor(
    lines: LogLine[],
    damaged: readonly number[],
    store: RunStore,
    path: string,
    file: OpenFile,
    end: number,
  ) {
    this.damaged = damaged;
    this.#lines = lines;
    this.#store = store;
    this.#path = path;
    this.#file = file;
    this.#written = lines.length;
    this.#end = end;
  }

  /** Opens the log as it was when it had `lines` lines: later ones are gone. @throws InfnetError `FILE_...` */
  static async open(store: RunStore, path: string, lines: number = Number.POSITIVE_INFINITY): Promise<RunLog> {
    const { lines: kept, damaged } = readLines(await textOf(store, path), lines);
    const bytes = encode(kept);
    await store.write(path, bytes);
    return new RunLog([...kept], damaged, store, path, await store.open(path), bytes.length);
  }

  /** Makes the file anew with all lines: it was removed. @throws InfnetError `FILE_...` */
  async restore(): Promise<void> {
    const bytes = encode(this.#lines);
    await this.#store.write(this.#path, bytes);
    const gone = this.#file;
    this.#file = await this.#store.open(this.#path);
    this.#written = this.#lines.length;
    this.#end = bytes.length;
    await gone.close().catch(() => {});
  }

  /** Forgets all but the first `count` lines: what they tell comes again. */
  async rewind(count: number): Promise<void> {
    this.#lines.length = Math.min(this.#lines.length, count);
    this.#written = Math.min(this.#written, count);
    this.#end = encode(this.#lines.slice(0, this.#written)).length;
    await this.#file.truncate(this.#end);
  }

  get lines(): readonly LogLine[] {
    return this.#lines;
  }

  get epochs(): readonly EpochLine[] {
    return this.#lines.filter((line) => line.event === 'epoch') as EpochLine[];
  }

  add(line: LogLine): void {
    this.#lines.push(line);
  }

  /** Adds what happened, with the time of day. */
  note(event: NoteLine['event'], step: number, details: Readonly<Record<string, unknown>> = {}): void {
    this.add({ event, step, time: new Date().toISOString(), ...details });
  }

  /** Writes what is not written yet. @param sync also forces it to the disk. @throws the file system's error */
  async flush(sync = false): Promise<void> {
    const pending = this.#lines.slice(this.#written);
    if (pending.length > 0) {
      const bytes = encode(pending);
      await this.#file.write(bytes, this.#end);
      this.#end += bytes.length;
      this.#written += pending.length;
    }
    if (sync) await this.#file.sync();
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

function encode(lines: readonly LogLine[]): Uint8Array {
  return new TextEncoder().encode(lines.map((line) => `${writeJson(line)}\n`).join(''));
}

/** The lines of a log's file; none where there is no file. */
export async function readLog(store: RunStore, path: string): Promise<readonly LogLine[]> {
  return readLines(await textOf(store, path)).lines;
}

async function textOf(store: RunStore, path: string): Promise<string> {
  return new TextDecoder().decode(await store.read(path));
}
