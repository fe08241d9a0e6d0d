/**
 * Files as people have them: names of other systems, masks of other programs. Right, or refused with advice that was
 * followed here.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeIndexedPng, encodePng } from '@infnet/data';
import { describe, expect, it } from 'vitest';
import { infnet, temporaryFolder, write } from './support.js';

const SIDE = 32;
const lesion = Uint8Array.from({ length: SIDE * SIDE }, (_, i) =>
  Math.hypot((i % SIDE) - 14, Math.floor(i / SIDE) - 16) < 7 ? 1 : 0,
);
const map = (values: readonly number[]) => lesion.map((v) => values[v] as number);
const grey = (values: readonly [number, number]) => encodePng({ width: SIDE, height: SIDE, data: map(values) });
const right = grey([0, 255]);

type Files = Readonly<Record<string, Uint8Array>>;

async function evaluate(pred: Files, gt: Files, ...more: readonly string[]) {
  const root = temporaryFolder();
  for (const [name, files] of Object.entries({ pred, gt })) {
    mkdirSync(join(root, name));
    write(join(root, name), files);
  }
  const folders = ['--pred', join(root, 'pred'), '--gt', join(root, 'gt')];
  const intervals = more.includes('--multi-class') ? [] : ['--bootstrap', '0'];
  const { code, stdout, stderr } = await infnet(['evaluate', ...folders, '--json', ...intervals, ...more]);
  return { code, stderr, document: JSON.parse(stdout) };
}

describe('names', () => {
  const [composed, apart] = ['M\u00fcller s\u00e9rie 1', 'Mu\u0308ller se\u0301rie 1'];

  it.each([
    ['in two Unicode forms', { [`${apart}.png`]: right }, { [`${composed}.png`]: right }],
    ['in two Unicode forms, the other way round', { [`${composed}.prob.png`]: right }, { [`${apart}.png`]: right }],
    ['with endings in capitals', { '1.MASK.PNG': right }, { '1.Png': right }],
    [
      'with what macOS leaves beside them',
      { '1.png': right, '._1.png': right },
      { '1.png': right, '.DS_Store': right },
    ],
  ])('%s pair', async (_name, pred, gt) => {
    const { code, stderr, document } = await evaluate(pred, gt);
    expect(code, stderr).toBe(0);
    expect(document).toMatchObject({ dice: 1, images: 1 });
  });

  it.each([[[]], [['--multi-class']]])(
    'that are one in either form are both named and spelled out %j',
    async (more) => {
      const both = { [`${apart}.png`]: grey([0, 1]), [`${composed}.png`]: grey([0, 1]), '2.png': grey([0, 1]) };
      const masks = more.length > 0 ? [] : ['--masks', 'nonzero'];
      const { code, document } = await evaluate(
        both,
        { [`${apart}.png`]: grey([0, 1]), '2.png': grey([0, 1]) },
        ...more,
        ...masks,
      );
      expect(code).toBe(1);
      expect(document.images).toBe(1);
      const several = document.errors.filter(({ message }: { message: string }) =>
        message.includes('not the only one'),
      );
      expect(several).toHaveLength(2);
      for (const { code: why, message } of several) {
        expect(why).toBe('CLI_UNPAIRED');
        expect(message).toContain('M\\u00fcller s\\u00e9rie 1.png');
        expect(message).toContain('Mu\\u0308ller se\\u0301rie 1.png');
      }
    },
  );

  it('with commas, quotes and line breaks stay one field of scores.csv', async () => {
    const name = 'a,"b"\nc';
    const out = temporaryFolder();
    const { code } = await evaluate({ [`${name}.png`]: right }, { [`${name}.png`]: right }, '--out', out);
    expect(code).toBe(0);
    const [header, line, ...rest] = readFileSync(join(out, 'scores.csv'), 'utf8').split('\n');
    expect(rest).toEqual(['']);
    expect(line).toMatch(/^"a,""b"" c",32,32,/);
    expect(line?.replace(/^"([^"]|"")*"/, 'a').split(',')).toHaveLength(header?.split(',').length as number);
  });

  it('an empty file is named', async () => {
    const { code, document } = await evaluate(
      { '1.png': right, '2.png': new Uint8Array(0) },
      { '1.png': right, '2.png': right },
    );
    expect(code).toBe(1);
    expect(document.errors).toMatchObject([{ file: expect.stringMatching(/pred.2\.png$/), code: 'FILE_EMPTY' }]);
  });
});

describe('masks', () => {
  const indexed = { width: SIDE, height: SIDE, channels: 1, data: lesion } as const;
  const red = encodePng({
    width: SIDE,
    height: SIDE,
    channels: 3,
    data: Uint8Array.from({ length: 3 * lesion.length }, (_, i) => (i % 3 === 0 ? 255 * (lesion[i / 3] as number) : 0)),
  });
  const many = Uint8Array.from(lesion, (v, i) => (v === 1 ? 230 + (i % 20) : i % 9));

  /** How the mask is refused, and what is advised: each option that is named gives Dice 1. */
  it.each<readonly [string, Uint8Array, readonly string[], readonly string[]]>([
    [
      'palette, black and dark red',
      encodeIndexedPng(indexed, [
        [0, 0, 0],
        [128, 0, 0],
      ]),
      ['binary', 'threshold'],
      ['nonzero'],
    ],
    ['red on black', red, ['binary', 'threshold', 'soft'], ['nonzero']],
    ['0 and 1', grey([0, 1]), ['binary', 'threshold'], ['nonzero']],
    ['0 and 128', grey([0, 128]), ['binary', 'threshold'], ['nonzero']],
    ['1 and 255', grey([1, 255]), ['binary'], ['threshold']],
    ['seams of a JPEG', encodePng({ width: SIDE, height: SIDE, data: many }), ['binary'], ['threshold', 'soft']],
  ])('%s', async (_name, mask, refusedBy, advised) => {
    for (const mode of refusedBy) {
      const { code, document } = await evaluate({ '1.png': right }, { '1.png': mask }, '--masks', mode);
      expect([mode, code, document.error.code]).toEqual([mode, 2, 'CLI_NOTHING_SCORED']);
      const named = [...document.error.fix.matchAll(/--masks (\w+)/g)].map(([, one]) => one);
      expect(named).toEqual(advised);
    }
    for (const mode of advised) {
      const { code, document } = await evaluate({ '1.png': right }, { '1.png': mask }, '--masks', mode);
      expect([mode, code, document.dice]).toEqual([mode, 0, 1]);
    }
  });
});
