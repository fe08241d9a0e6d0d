/** Tables of options: help, README, settings and refusals follow from the rows. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { classes, infection } from '@infnet/segmentation';
import { checkSettings, defaultOf, type OptionTable, TRAIN_OPTIONS, VALUE_NAMES } from '@infnet/segmentation/options';
import { describe, expect, it } from 'vitest';
import { SEGMENT_OPTIONS } from '../src/commands/segment/options.js';
import { newSettings, resumedSettings } from '../src/commands/train/config.js';
import { TRAIN_COMMAND, type TrainOptions } from '../src/commands/train/options.js';
import { inFolder } from '../src/commands/train/refusals.js';
import { flagOf } from '../src/option-table.js';
import { infnet } from './support.js';

const README = join(import.meta.dirname, '../README.md');

/** The rows of a table as Markdown. */
function markdown(table: OptionTable): string {
  const rows = Object.entries(table).flatMap(([name, row]) => {
    if (row.internal === true) return [];
    const value = row.kind === 'flag' ? undefined : defaultOf(row);
    const text = Array.isArray(value) ? value.join(',') : String(value ?? '');
    const told = typeof value === 'string' ? `\`${text}\`` : text;
    const choices = row.kind === 'choice' ? ` (${row.values.map((choice) => `\`${choice}\``).join(', ')})` : '';
    const what = row.readme ?? row.help.replaceAll(/--[a-z-]+/g, '`$&`') + choices;
    return [`| \`${flagOf(name, row)}\` |${told === '' ? '' : ` ${told}`} | ${what} |`];
  });
  return ['| option | default | |', '|---|---|---|', ...rows].join('\n');
}

describe.each([
  ['train', TRAIN_COMMAND],
  ['segment', SEGMENT_OPTIONS],
] as const)('the options of %s', (command, table: OptionTable) => {
  it('are those of the README (INFNET_WRITE=1 writes them there)', () => {
    const text = readFileSync(README, 'utf8');
    const [begin, end] = [`<!-- options of ${command} -->\n`, `\n<!-- end of the options of ${command} -->`];
    const [from, to] = [text.indexOf(begin) + begin.length, text.indexOf(end)];
    expect(to).toBeGreaterThanOrEqual(from);
    const wanted = markdown(table);
    if (process.env['INFNET_WRITE'] === '1') writeFileSync(README, text.slice(0, from) + wanted + text.slice(to));
    else expect(text.slice(from, to)).toBe(wanted);
  });

  it('are those of --help, with their defaults', async () => {
    const { stdout } = await infnet([command, '--help']);
    const told = stdout.replaceAll(/\s+/g, ' ');
    for (const [name, row] of Object.entries(table)) {
      if (row.internal === true) expect(told).not.toContain(`${flagOf(name, row)} `);
      else
        expect(told).toContain(
          `${flagOf(name, row)} ${row.kind === 'flag' ? '' : `<${row.value ?? VALUE_NAMES[row.kind]}> `}${row.help}`,
        );
    }
  });

  it('have defaults that their own checks let pass', () => {
    const required = { data: '/', clip: 0, pseudoEpochs: 1, finetuneEpochs: 1, out: '/', weights: '/' };
    expect(checkSettings(table, required)).toHaveProperty('settings');
  });
});

/** As the command line gives them without any option but `more`. */
function asked(more: Partial<TrainOptions>): TrainOptions {
  const defaults = Object.entries<OptionTable[string]>(TRAIN_OPTIONS).map(([name, row]) => [name, defaultOf(row)]);
  const given = Object.keys(more);
  const usual = { data: '/data', out: '/run', resume: false, json: false, given };
  return { ...Object.fromEntries(defaults), ...usual, ...more };
}

describe('settings', () => {
  it('have the order of the table, and what follows from others', () => {
    const settings = newSettings(infection, asked({ epochs: 7, clipNorm: 2 }));
    expect(Object.keys(settings)).toEqual(Object.keys(TRAIN_OPTIONS));
    expect(settings).toMatchObject({ clip: 0, pseudoEpochs: 7, finetuneEpochs: 7, precision: 'fast' });
    expect(newSettings(infection, asked({}))).toMatchObject({ clip: 0.5, pseudoEpochs: 100 });
  });

  it('of one way to train are refused with another', () => {
    const options = { multiClass: true, backbone: 'vgg16', orient: 'upright' } as const;
    expect(() => newSettings(classes, asked(options))).toThrow(/--backbone, --orient: not with --multi-class/);
    expect(() => newSettings(infection, asked({ group: 3, labels: 'probability' }))).toThrow(
      /--group, --labels is for a semi-supervised/,
    );
    const semi = { semi: true, unlabelled: '/more', patience: 2, validateEvery: 2 };
    expect(() => newSettings(infection, asked(semi))).toThrow(/--validate-every, --patience: not with --semi/);
  });

  it('from a file: what an older version did not know is as it was then, what is wrong is named', () => {
    const { precision: _p, window: _w, cache: _c, ...older } = newSettings(infection, asked({}));
    const checked = checkSettings(TRAIN_OPTIONS, { ...older, somethingNew: 1 });
    expect(checked).toMatchObject({ settings: { precision: 'exact', window: 'lung', cache: 1024, somethingNew: 1 } });
    expect(checkSettings(TRAIN_OPTIONS, { ...older, batch: 0, loss: 'none', range: [9, 3] })).toEqual({
      problems: [
        '--batch is 0. Give a whole number from 1 to 4096.',
        '--loss is none. Give as-released, paper, dice, cross-entropy.',
        '--range is 9,3. Give full, minmax, or two whole numbers LOW,HIGH up to 65535.',
      ],
    });
    const { data: _d, ...without } = older;
    expect(checkSettings(TRAIN_OPTIONS, without)).toEqual({ problems: ['--data is undefined. Give a text.'] });
  });

  it('may change on the way where the table says so', () => {
    const before = newSettings(infection, asked({}));
    const { settings, changes } = resumedSettings(before, asked({ epochs: 3, lr: 1e-3 }));
    expect(settings).toMatchObject({ epochs: 3, lr: 1e-3 });
    expect(changes).toEqual(['--epochs 3 (was 100)', '--lr 0.001 (was 0.0001)']);
    expect(() => resumedSettings(before, asked({ size: 64 }))).toThrow(/--size was 352, not 64/);
  });

  it.each([
    ['stages.labelled.epochs is 0, batchSize is 0', '--epochs is 0, --batch is 0.'],
    ['stages.rounds.learningRate is 0', 'LearningRate is 0.'],
    ['seed was 1, is 2; the number of scales was 1, is 3', '--seed was 1, is 2; --scales was 1, is 3.'],
    ['groupSize is 0; accept.best is 2; the epochs of the run', '--group is 0; --accept is 2; the epochs of the run.'],
  ])('what the trainer refuses is told in flags: %s', async (message, told) => {
    const { InfnetError } = await import('@infnet/core');
    const make = (): never => {
      throw new InfnetError({ code: 'TRAINER_OPTION', message });
    };
    expect(() => inFolder(make, '/run')).toThrow(told);
  });
});
