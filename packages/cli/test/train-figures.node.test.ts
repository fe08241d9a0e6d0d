/** Figures of `infnet train` that are no finite numbers: in the log, in lines and reports, and among the best. */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { folderStore } from '@infnet/node';
import {
  bestOf,
  classes,
  type EpochLine,
  figure,
  figuresText,
  infection,
  type LogLine,
  MapScoring,
  RunLog,
  trainingReport,
} from '@infnet/segmentation';
import type { TrainSettings } from '@infnet/segmentation/options';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from './support.js';

const folder = temporaryFolder();
const epoch = (number: number, dice: number): EpochLine => ({
  event: 'epoch',
  step: number,
  epoch: number,
  loss: 1,
  parts: {},
  learningRate: 0.1,
  seconds: 1,
  metrics: { dice, distance: Infinity },
  isBest: false,
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
    const log = await RunLog.open(folderStore(folder), basename(path));
    for (const line of lines) log.add(line);
    await log.flush(true);
    await log.close();
    const texts = readFileSync(path, 'utf8').trim().split('\n');
    expect(JSON.parse(texts[1] as string).metrics).toEqual({ dice: 'NaN', distance: 'Infinity' });
    expect(texts.join()).not.toContain('null');
    const again = await RunLog.open(folderStore(folder), basename(path));
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
    const log = await RunLog.open(folderStore(folder), basename(path));
    await log.close();
    const [first] = log.epochs;
    expect(first).toMatchObject({ loss: Number.NaN, metrics: { dice: Number.NaN, iou: 1 }, stage: null });
    const page = trainingReport({
      task: infection,
      settings: { epochs: 2, size: 32, loss: 'dice' } as TrainSettings,
      lines: log.lines,
      samples: [],
      adapter: 'none',
      slices: { train: 1, validation: 1 },
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
  const slice = (value: number, infected: boolean): Parameters<MapScoring['add']> => {
    const [width, height, area] = [4, 4, 16];
    const probability = { width, height, data: new Float32Array(area).fill(value) };
    const truth = { width, height, channels: 1, data: new Uint8Array(area).fill(infected ? 255 : 0, 8) } as const;
    const labels = { width, height, channels: 1, data: new Uint8Array(area) } as const;
    return [{ labels, probability, netProbability: probability }, truth];
  };
  const scores = new MapScoring();
  scores.add(...slice(0, false));
  expect(scores.figures).toMatchObject({ sensitivity: Number.NaN, dice: 1 });
  scores.add(...slice(1, true));
  scores.add(...slice(0, true));
  const { dice, sensitivity } = scores.figures;
  expect(sensitivity).toBe(0.5);
  expect(dice).toBeCloseTo((1 + 2 / 3 + 0) / 3, 12);
});

it('figures that are undefined are told as such', () => {
  expect(figuresText(infection.training, { dice: Number.NaN, iou: 0.5 }, 3)).toBe('Dice n/a, IoU 0.500');
  const byClass = { dice: 0.5, diceGroundGlass: 0.25, diceConsolidation: Number.NaN, iou: 0.5 };
  expect(figuresText(classes.training, byClass, 2)).toBe('Dice 0.50 (ground-glass 0.25, consolidation n/a), IoU 0.50');
  expect([figure(Number.NaN), figure(undefined), figure(Infinity), figure(0.5)]).toEqual([
    'n/a',
    '',
    'Infinity',
    '0.5000',
  ]);
});
