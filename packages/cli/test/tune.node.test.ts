/** `infnet tune`: a file that holds for this adapter. What tune itself does is tested in core and conv. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseTuning } from '@infnet/core/tune';
import { encodePng, phantomSlice } from '@infnet/data';
import { isLong, longNote } from '@infnet/testing';
import { describe, expect, it } from 'vitest';
import { infnet, temporaryFolder } from './support.js';

const folder = temporaryFolder();
const SMALL = ['--size', '32', '--backbone', 'vgg16', '--width', '0.0625', '--channels', '4', '--rounds', '1'];

describe('infnet tune', () => {
  it.skipIf(!isLong)(
    `of a training step: every distinct convolution and gradient, by more than one way${longNote}`,
    async () => {
      const out = join(folder, 'tuning.json');
      const { code, stdout, stderr } = await infnet(['tune', '--training', '--out', out, ...SMALL, '--json']);
      expect(code, stderr).toBe(0);
      const tuning = parseTuning(readFileSync(out, 'utf8'), out);
      expect(JSON.parse(stdout)).toEqual(tuning);
      for (const kind of ['convolution ', 'weight gradient ']) {
        expect(tuning.layers.filter(({ key }) => key.startsWith(kind)).length, kind).toBeGreaterThan(10);
      }
      for (const { own, seconds } of tuning.layers) {
        expect(Object.keys(seconds).length).toBeGreaterThan(1);
        expect(seconds).toHaveProperty([own]);
      }
      expect(stderr).toMatch(/written to .*\.json/);
    },
  );

  it.skipIf(!isLong)(
    `is taken by infnet segment on the adapter it was made for, and refused elsewhere${longNote}`,
    async () => {
      const [weights, slice] = [join(folder, 'weights.safetensors'), join(folder, 'slice.png')];
      await infnet(['weights', '--backbone', 'vgg16', '--width', '0.0625', '--out', weights]);
      writeFileSync(slice, encodePng(phantomSlice(1, { width: 64, height: 64 }).image));
      const segment = (tuning: string) =>
        infnet([
          'segment',
          slice,
          '--weights',
          weights,
          '--size',
          '32',
          '--out',
          join(folder, 'out'),
          '--tuning',
          tuning,
        ]);
      const made = join(folder, 'tuning.json');
      const tuning = parseTuning(readFileSync(made, 'utf8'));
      const direct = join(folder, 'direct.json');
      const choices = Object.fromEntries(tuning.layers.map(({ key }) => [key, 'direct']));
      writeFileSync(direct, JSON.stringify({ ...tuning, choices }));
      for (const file of [made, direct]) expect((await segment(file)).code).toBe(0);

      const [elsewhere, broken] = [join(folder, 'elsewhere.json'), join(folder, 'broken.json')];
      writeFileSync(elsewhere, JSON.stringify({ ...tuning, adapter: 'another' }));
      writeFileSync(broken, '{');
      for (const [file, text] of [
        [elsewhere, /TUNING_ADAPTER.*"another"/s],
        [broken, /TUNING_INVALID.*broken\.json/s],
        [join(folder, 'none.json'), /FILE_NOT_FOUND/],
      ] as const) {
        const { code, stderr } = await segment(file);
        expect(stderr).toMatch(text);
        expect(code).toBe(2);
      }
    },
  );

  it.each([
    ['no file to write', SMALL, /--out/],
    ['a size that does not fit', ['--out', join(folder, 'x.json'), '--size', '100'], /Give 96 or 128/],
  ])('refuses %s', async (_name, args, pattern) => {
    const { code, stderr } = await infnet(['tune', ...args]);
    expect(stderr).toMatch(pattern);
    expect(code).toBe(2);
    expect(existsSync(join(folder, 'x.json'))).toBe(false);
  });
});
