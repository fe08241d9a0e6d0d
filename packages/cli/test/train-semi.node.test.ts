/**
 * `infnet train --semi`: rounds and stages in a run folder, and what is refused. Bits after a kill: the trainer's
 * tests.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodePng, phantomSlice } from '@infnet/data';
import { isLong, longNote } from '@infnet/testing';
import { describe, expect, it } from 'vitest';
import { main } from '../src/index.js';
import { infnet, temporaryFolder } from './support.js';
import { bitsOf, logOf, QUICK, writePhantoms } from './train-support.js';

const folder = temporaryFolder();
const data = writePhantoms(join(folder, 'data'));
const unlabelled = join(folder, 'unlabelled');
mkdirSync(join(unlabelled, 'Imgs'), { recursive: true });
for (let i = 0; i < 4; i++) {
  writeFileSync(
    join(unlabelled, 'Imgs', `u${i}.png`),
    encodePng(phantomSlice(60 + i, { width: 72, height: 64 }).image),
  );
}
const SEMI = [
  ...['--semi', '--unlabelled', unlabelled, '--epochs', '2', '--group', '2', '--round-epochs', '1'],
  ...['--pseudo-epochs', '1', '--finetune-epochs', '1', ...QUICK],
];

describe('a semi-supervised training', () => {
  const whole = join(folder, 'whole');

  it('goes through all stages and rounds, and leaves labels, weights, state as JSON and a report', async () => {
    const { code, stdout, stderr } = await infnet(['train', '--data', data, '--out', whole, ...SEMI, '--json']);
    expect(stderr).toContain('round 2 of 2: 8 slices, 4 of them with a pseudo label');
    expect(code, stderr).toBe(0);
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({
      ok: true,
      stopped: 'finished',
      semi: { stage: 'done', strategy: 'random-selection' },
    });
    const { rounds } = document.semi;
    expect(rounds).toHaveLength(2);
    expect(rounds.flatMap(({ images }: { images: string[] }) => images).sort()).toEqual(['u0', 'u1', 'u2', 'u3']);
    expect(JSON.parse(readFileSync(join(whole, 'propagation.json'), 'utf8'))).toEqual(document.semi);
    expect(readdirSync(join(whole, 'pseudo-labels')).sort()).toEqual(['u0.png', 'u1.png', 'u2.png', 'u3.png']);
    expect(readdirSync(join(whole, 'checkpoints')).sort()).toEqual([
      'best.safetensors',
      'final.safetensors',
      'last.safetensors',
      'previous.safetensors',
      'supervised.safetensors',
    ]);
    expect(readdirSync(join(whole, 'samples', '4'))).toEqual([
      '1-labelled.png',
      '2-round-001.png',
      '2-round-002.png',
      '3-pseudo.png',
      '4-finetune.png',
      'truth.png',
    ]);
    expect(logOf(whole, 'epoch').map(({ stage, round }) => round ?? stage)).toEqual([
      ...['labelled', 'labelled', 1, 2, 'pseudo', 'finetune'],
    ]);
    const page = readFileSync(join(whole, 'report.html'), 'utf8');
    for (const text of ['Supervised against semi-supervised', 'fine-tuned on labelled slices', 'u0', 'round 2']) {
      expect(page).toContain(text);
    }
  });

  it.skipIf(!isLong)(`stopped by Ctrl-C within a round it goes on and ends with the same bits${longNote}`, async () => {
    const out = join(folder, 'stopped');
    const controller = new AbortController();
    let stderr = '';
    const code = await main(['train', '--data', data, '--out', out, ...SEMI], {
      stdout: { write: () => true },
      stderr: {
        write: (text) => {
          stderr += text;
          const steps = existsSync(join(out, 'log.jsonl')) ? logOf(out, 'step') : [];
          if (steps.at(-1)?.['round'] === 2) controller.abort();
        },
        isTTY: true,
      },
      signal: controller.signal,
    });
    expect(code, stderr).toBe(130);
    expect(stderr).toMatch(/interrupted in round 2 of 2, after step \d+\. Continue with: infnet train --out/);
    const resumed = await infnet(['train', '--out', out, '--resume']);
    expect(resumed.code, resumed.stderr).toBe(0);
    const names = ['last', 'best', 'final', 'supervised'];
    expect(bitsOf(out, names)).toEqual(bitsOf(whole, names));
    const told = (run: string) => logOf(run, 'step').map(({ step, loss, stage, round }) => [step, loss, stage, round]);
    expect(told(out)).toEqual(told(whole));
  });
});

describe('what is refused', () => {
  const out = join(folder, 'refused');
  const empty = join(folder, 'empty');
  mkdirSync(join(empty, 'Imgs'), { recursive: true });
  const broken = join(folder, 'broken');
  mkdirSync(join(broken, 'Imgs'), { recursive: true });
  writeFileSync(join(broken, 'Imgs', 'x.png'), 'no picture');

  it.each([
    ['no unlabelled folder', ['--semi'], /--unlabelled FOLDER/],
    ['an unlabelled folder without --semi', ['--unlabelled', unlabelled], /Add --semi/],
    ['an empty unlabelled folder', ['--semi', '--unlabelled', empty], /DATA_DATASET/],
    ['unlabelled slices that cannot be read', ['--semi', '--unlabelled', broken], /DATA_DATASET.*Imgs\/x\.png/s],
    ['no unlabelled folder at all', ['--semi', '--unlabelled', join(folder, 'none')], /FILE_NOT_FOUND/],
  ])('%s', async (_name, args, pattern) => {
    const { code, stderr } = await infnet(['train', '--data', data, '--out', out, '--size', '32', ...args]);
    expect(stderr).toMatch(pattern);
    expect(code).toBe(2);
    expect(existsSync(out)).toBe(false);
  });

  const background = encodePng({ width: 64, height: 70, channels: 1, data: new Uint8Array(64 * 70) });
  it.each([
    ['no labelled slice', (files: Map<string, Uint8Array>) => files.clear(), /DATA_DATASET|FILE_NOT_FOUND/],
    ['a mask of another size', (files) => files.set('GT/2.png', background), /GT\/2\.png \(64x70, its image 66x70\)/],
    [
      'nothing infected in any mask',
      (files) => {
        for (let i = 0; i < 5; i++) {
          files.set(`GT/${i}.png`, background);
          files.set(`Imgs/${i}.png`, files.get('Imgs/0.png') as Uint8Array);
        }
      },
      /no infected pixel in any/,
    ],
  ] as readonly (readonly [string, (files: Map<string, Uint8Array>) => void, RegExp])[])(
    '%s',
    async (name, change, pattern) => {
      const bad = join(folder, name.replaceAll(' ', '-'));
      mkdirSync(bad);
      writePhantoms(bad, change);
      const { code, stderr } = await infnet(['train', '--data', bad, '--out', out, ...SEMI]);
      expect(stderr).toMatch(pattern);
      expect(code).toBe(2);
      expect(existsSync(out)).toBe(false);
    },
  );
});

it('from weights that are there already: they are scored first; a group larger than the set is one round with all of it', async () => {
  const out = join(folder, 'one-round');
  const weights = join(folder, 'whole', 'checkpoints', 'supervised.safetensors');
  const rounds = ['--group', '99', '--round-epochs', '1', '--pseudo-epochs', '0', '--finetune-epochs', '0'];
  const args = [
    '--semi',
    '--unlabelled',
    unlabelled,
    '--weights',
    weights,
    '--epochs',
    '0',
    ...rounds,
    ...QUICK,
    '--json',
  ];
  const { code, stdout, stderr } = await infnet(['train', '--data', data, '--out', out, ...args]);
  expect(code, stderr).toBe(0);
  const { semi, files } = JSON.parse(stdout);
  expect(files.supervised).toBe(weights);
  expect(semi.rounds.map(({ images }: { images: string[] }) => [...images].sort())).toEqual([['u0', 'u1', 'u2', 'u3']]);
  const trained = logOf(join(folder, 'whole'), 'epoch').find(({ stage, epoch }) => stage === 'labelled' && epoch === 2);
  expect(logOf(out, 'given').map(({ metrics }) => metrics)).toEqual([trained?.['metrics']]);
  expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('supervised (the weights as given)');
});
