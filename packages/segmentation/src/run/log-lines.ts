/**
 * Lines of a log as they are read: a kill may have left half of one, and a hand or an older version may have written.
 */
import { readJson } from '@infnet/trainer';
import * as v from 'valibot';

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
  readonly event:
    | 'start'
    | 'resume'
    | 'memory'
    | 'rebuild'
    | 'state'
    | 'restored'
    | 'problem'
    | 'given'
    | 'stage'
    | 'end';
  readonly step: number;
  readonly time: string;
  readonly [detail: string]: unknown;
}

export type LogLine = StepLine | EpochLine | NoteLine;

/** Runs that an older version began have null for what is not a finite number. */
const FIGURE = v.union([
  v.number(),
  v.nan(),
  v.pipe(
    v.null(),
    v.transform(() => Number.NaN),
  ),
]);
const FIGURES = v.record(v.string(), FIGURE);

const PLACE = { step: v.number(), stage: v.nullish(v.string()), round: v.nullish(v.number()) };

const STEP = v.looseObject({
  event: v.literal('step'),
  ...PLACE,
  epoch: v.number(),
  scale: FIGURE,
  loss: FIGURE,
  parts: FIGURES,
  learningRate: FIGURE,
  gradientNorm: FIGURE,
  seconds: FIGURE,
});

const EPOCH = v.looseObject({
  event: v.literal('epoch'),
  ...PLACE,
  epoch: v.number(),
  loss: FIGURE,
  parts: FIGURES,
  learningRate: FIGURE,
  seconds: FIGURE,
  metrics: v.optional(FIGURES),
  isBest: v.boolean(),
});

const NOTE = v.looseObject({
  event: v.pipe(
    v.string(),
    v.check((event) => event !== 'step' && event !== 'epoch'),
  ),
  step: v.number(),
  time: v.string(),
  metrics: v.optional(FIGURES),
});

const LINE = v.union([STEP, EPOCH, NOTE]);

export interface ReadLines {
  readonly lines: readonly LogLine[];
  /**
   * Numbers, from 1, of those that are damaged: each has a note in its place, as states say how many lines there were.
   * The half line that a kill leaves is none.
   */
  readonly damaged: readonly number[];
}

/** @param most of the lines of the file; later ones are left aside */
export function readLines(text: string, most: number = Number.POSITIVE_INFINITY): ReadLines {
  const [lines, damaged]: [LogLine[], number[]] = [[], []];
  const all = text.split('\n');
  const half = all.pop() ?? '';
  for (const [i, written] of [...all, half].slice(0, Number.isFinite(most) ? most : undefined).entries()) {
    const line = lineOf(written);
    if (line !== undefined) lines.push(line);
    else if (i < all.length) {
      damaged.push(i + 1);
      const error = 'the line that stood here was damaged';
      lines.push({ event: 'problem', step: lines.at(-1)?.step ?? 0, time: new Date().toISOString(), error });
    }
  }
  return { lines, damaged };
}

function lineOf(text: string): LogLine | undefined {
  try {
    const read = v.safeParse(LINE, readJson(text));
    return read.success ? (read.output as LogLine) : undefined;
  } catch {
    return undefined;
  }
}
