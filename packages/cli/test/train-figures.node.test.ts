/** Figures of `infnet train` that are no finite numbers: in the log, in lines and reports, and among the best. */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TrainSettings } from '@infnet/segmentation/options';
import { describe, expect, it } from 'vitest';
import { type EpochLine, type LogLine, RunLog } from '../src/commands/train/log.js';
import { figure, trainingReport } from '../src/commands/train/report.js';
import { bestOf } from '../src/commands/train/run.js';
import { figuresText } from '../src/commands/train/run-validation.js';
import { meanFigures, type ValidationFigures } from '../src/commands/train/validation.js';
import { temporaryFolder } from './support.js';

const folder = temporaryFolder();
const epoch = (number: number, dice: number): EpochLine => ({
  ...{ event: 'epoch', step: number, epoch: number, loss: 1, parts: {}, learningRate: 0.1, seconds: 1 },
  ...{ metrics: { dice, distance: Infinity }, isBest: false },
});

describe('the log', () => {
  const lines: LogLine[] = [
    {
      event: 'step',
      step: 1,
      epoch: 1,
      scale: 1,
      loss: Infinity,
      parts: { edge: Number.NaN },
      learningRate: 0,
      gradientNorm: -Infinity,
      seconds: 1,
    },
    epoch(1, Number.NaN),
    { event: 'problem', step: 1, time: 'now', details: { loss: Number.NaN, items: ['NaN', 'a.png'] } },
  ];

  it('gives back every number, as JSON that others read', async () => {
    const path = join(folder, 'log.jsonl');
    const log = await RunLog.open(path);
    for (const line of lines) log.add(line);
    await log.flush(true);
    await log.close();
    const texts = readFileSync(path, 'utf8').trim().split('\n');
    expect(JSON.parse(texts[1] as string).metrics).toEqual({ dice: 'NaN', distance: 'Infinity' });
    expect(texts.join()).not.toContain('null');
    const again = await RunLog.open(path);
    await again.close();
    expect(again.lines).toEqual(lines);
  });

  it('of an older version has NaN where it had null, and the report of it can be made', async () => {
    const path = join(folder, 'old.jsonl');
    writeFileSync(path, '');
    for (const number of [1, 2]) {
      const metrics = { dice: null, iou: number };
      appendFileSync(path, `${JSON.stringify({ ...epoch(number, 0), loss: null, metrics, stage: null })}\n`);
    }
    const log = await RunLog.open(path);
    await log.close();
    const [first] = log.epochs;
    expect(first).toMatchObject({ loss: Number.NaN, metrics: { dice: Number.NaN, iou: 1 }, stage: null });
    const page = trainingReport({
      settings: { epochs: 2, size: 32, loss: 'dice' } as TrainSettings,
      ...{ lines: log.lines, samples: [], adapter: 'none', slices: { train: 1, validation: 1 } },
    });
    expect(page).toContain('n/a');
  });
});

it('the best epoch is none with NaN', () => {
  const best = (...dice: number[]) => bestOf(dice.map((value, i) => epoch(i + 1, value)))?.epoch;
  expect(best(Number.NaN, 0.2, 0.3, Number.NaN)).toBe(3);
  expect(best(0.2, 0.2, Number.NaN)).toBe(1);
  expect(best(Number.NaN)).toBeUndefined();
  expect(best()).toBeUndefined();
});

it('a slice on which a score is undefined takes no part in its mean', () => {
  const row = (sensitivity: number, dice: number) => ({ sensitivity, dice }) as unknown as ValidationFigures;
  expect(meanFigures([row(Number.NaN, 1), row(0.5, 0), row(1, 0.5)])).toEqual({ sensitivity: 0.75, dice: 0.5 });
  expect(meanFigures([row(Number.NaN, 1)])).toEqual({ sensitivity: Number.NaN, dice: 1 });
});

it('figures that are undefined are told as such', () => {
  expect(figuresText({ dice: Number.NaN, iou: 0.5 }, 3)).toBe('Dice n/a, IoU 0.500');
  expect([figure(Number.NaN), figure(undefined), figure(Infinity), figure(0.5)]).toEqual([
    'n/a',
    '',
    'Infinity',
    '0.5000',
  ]);
});
