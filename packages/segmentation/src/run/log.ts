/**
 * `log.jsonl`: a line of JSON for every event, appended as it happens. Numbers that JSON does not have are texts:
 * "NaN", "Infinity".
 *
 * A killed run leaves lines of steps that the last state does not know, perhaps half a line: they are cut off before
 * the run continues, since the steps come again. The state's file says how many lines there were. A line that cannot be
 * written (full disk) stays in memory and is tried again with the next one, over whatever the failed try left behind.
 */
import { readJson, writeJson } from '@infnet/trainer';
import type { OpenFile, RunStore } from './store.js';

export interface StepLine {
  readonly event: 'step';
  readonly step: number;
  readonly epoch: number;
  readonly scale: number;
  readonly loss: number;
  readonly parts: Readonly<Record<string, number>>;
  readonly learningRate: number;
  readonly gradientNorm: number;
  readonly seconds: number;
}

export interface EpochLine {
  readonly event: 'epoch';
  readonly step: number;
  /** From 1. */
  readonly epoch: number;
  readonly loss: number;
  readonly parts: Readonly<Record<string, number>>;
  readonly learningRate: number;
  readonly seconds: number;
  readonly metrics?: Readonly<Record<string, number>>;
  readonly isBest: boolean;
  /** Of a semi-supervised training: which stage, and in `rounds` which round, from 1. */
  readonly stage?: string;
  readonly round?: number;
}

/** Begun, resumed, stopped, device lost, snapshot not written, ...: what happened, in words and figures. */
export interface NoteLine {
  readonly event: 'start' | 'resume' | 'memory' | 'rebuild' | 'problem' | 'given' | 'stage' | 'end';
  readonly step: number;
  readonly time: string;
  readonly [detail: string]: unknown;
}

export type LogLine = StepLine | EpochLine | NoteLine;

export class RunLog {
  readonly #lines: LogLine[];
  readonly #file: OpenFile;
  /** Lines that are in the file, and its bytes up to there. */
  #written: number;
  #end: number;

  private constructor(lines: LogLine[], file: OpenFile, end: number) {
    this.#lines = lines;
    this.#file = file;
    this.#written = lines.length;
    this.#end = end;
  }

  /** Opens the log as it was when it had `lines` lines: later ones are gone. @throws InfnetError `FILE_...` */
  static async open(store: RunStore, path: string, lines: number = Number.POSITIVE_INFINITY): Promise<RunLog> {
    const text = new TextDecoder().decode(await store.read(path));
    const kept = text
      .split('\n')
      .flatMap(parse)
      .slice(0, Number.isFinite(lines) ? lines : undefined);
    const bytes = encode(kept);
    await store.write(path, bytes);
    return new RunLog(kept, await store.open(path), bytes.length);
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

/** A line, unless it is the half one that a kill left. */
function parse(text: string): LogLine[] {
  if (text.trim() === '') return [];
  try {
    const line = readJson(text) as LogLine;
    return typeof line.step === 'number' ? [withNaN(line) as LogLine] : [];
  } catch {
    return [];
  }
}

/** Figures of a run that an older version began, which wrote null for what is not a finite number. */
const FIGURES = new Set(['loss', 'learningRate', 'gradientNorm', 'seconds', 'parts', 'metrics']);

function withNaN(line: object): object {
  const mended = (value: unknown): unknown =>
    value === null ? Number.NaN : typeof value === 'object' ? mapped(value as object, () => true) : value;
  const mapped = (object: object, isFigure: (name: string) => boolean): object =>
    Object.fromEntries(Object.entries(object).map(([name, value]) => [name, isFigure(name) ? mended(value) : value]));
  return mapped(line, (name) => FIGURES.has(name));
}
