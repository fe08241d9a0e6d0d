/** Segment: files in, the bytes of `infnet segment` out, and what may go wrong between. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSafetensors, writeSafetensors } from '@infnet/checkpoint';
import { encodePng, type Provenance, phantomSlice, readNifti, readProvenance, sha256, withPngText } from '@infnet/data';
import { isLong, longNote } from '@infnet/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixture, refused } from '../../../../packages/data/test/fixtures/nifti.js';
import { niftiVariant } from '../nifti-variants.js';
import {
  type BuiltPage,
  button,
  DROP_SLICES,
  downloaded,
  dropFiles,
  fillNumber,
  type Heap,
  heapOf,
  infnet,
  loadWeights,
  PATIENT,
  progressOf,
  segment,
  smallWeights,
  type Visit,
} from '../support.js';

const weights = smallWeights();
const slice = encodePng(phantomSlice(5, { width: 90, height: 70 }).image);
const { bytes: chest } = fixture('chest.nii.gz');

/**
 * The chest as other programs store volumes: the other byte order and scaled, or as float32, with either
 * transformation.
 */
function variants(): Readonly<Record<string, Uint8Array>> {
  const { data, width, height, depth, slope, intercept } = readNifti(chest, 'chest.nii.gz');
  const values = Array.from(data as ArrayLike<number>, (stored) => stored * slope + intercept);
  const shape = [width, height, depth] as const;
  return {
    'scaled.nii': niftiVariant(shape, values, {
      type: 'int16',
      littleEndian: false,
      form: 'sform',
      slope: 0.5,
      intercept: -100,
      isCompressed: false,
    }),
    'float.nii.gz': niftiVariant(shape, values, {
      type: 'float32',
      littleEndian: true,
      form: 'qform',
      isCompressed: true,
    }),
  };
}

/** What a result holds besides where it comes from: all bytes of a picture, or the voxels and how they lie. */
function unstamped(name: string, bytes: Uint8Array): unknown {
  if (name.endsWith('.png')) return Buffer.from(withPngText(bytes, 'infnet', undefined)).toString('base64');
  if (!name.endsWith('.nii.gz')) return Buffer.from(bytes).toString('base64');
  const { data, affine, affineFrom, spacing, unit, datatype, version, littleEndian } = readNifti(bytes, name);
  return { data, affine, affineFrom, spacing, unit, datatype, version, littleEndian };
}

declare const infnetTest: import('../../src/app/test-hooks.js').TestHooks;

export function segmentTests(built: () => BuiltPage): void {
  describe('Segment', () => {
    let visit: Visit;
    beforeAll(async () => {
      visit = await built().visit();
    });
    afterAll(() => visit?.context.close());

    it('a slice and a volume that are dropped: the bytes of infnet segment', async () => {
      const { page } = visit;
      await loadWeights(page, weights);
      await page.locator('.strong-line', { hasText: 'small.safetensors' }).waitFor();
      const volumes = variants();
      await dropFiles(page, DROP_SLICES, { 'one.png': slice, 'chest.nii.gz': chest, ...volumes });
      await page.getByRole('button', { name: /^scaled\.nii/ }).waitFor();
      const told = await progressOf(page);
      await segment(page);
      expect(await told()).toContain('Compiling GPU programs');
      await page.getByRole('button', { name: /^one\.png.*%/ }).click();
      const save = (name: string) => downloaded(page, () => button(page, name).click());
      const got: Record<string, Uint8Array> = {
        'one.mask.png': await save('Mask'),
        'one.prob.png': await save('Probability'),
        'one.overlay.png': await save('Overlay'),
        'one.logits.npy': await save('Logits'),
        'chest.mask.nii.gz': new Uint8Array(),
        'chest.prob.nii.gz': new Uint8Array(),
      };
      await page.getByRole('button', { name: /^chest\.nii\.gz.*%/ }).click();
      got['chest.mask.nii.gz'] = await save('Mask volume');
      got['chest.prob.nii.gz'] = await save('Probability volume');
      for (const name of Object.keys(volumes)) {
        await page.getByRole('button', { name: new RegExp(`^${name.replaceAll('.', '\\.')}.*%`) }).click();
        got[name.replace('.nii', '.prob.nii').replace(/\.nii$/, '.nii.gz')] = await save('Probability volume');
      }
      const table = new TextDecoder().decode(await save('Table (CSV)'));

      const { folder } = built();
      writeFileSync(join(folder, 'one.png'), slice);
      writeFileSync(join(folder, 'chest.nii.gz'), chest);
      writeFileSync(join(folder, 'small.safetensors'), weights);
      for (const [name, bytes] of Object.entries(volumes)) writeFileSync(join(folder, name), bytes);
      const inputs = ['one.png', 'chest.nii.gz', ...Object.keys(volumes)].map((name) => join(folder, name));
      const out = join(folder, 'results');
      const options = ['--size', '32', '--format', 'npy', '--adapter', 'swiftshader', '--no-time'];
      await infnet('segment', ...inputs, '--weights', join(folder, 'small.safetensors'), '--out', out, ...options);
      const hash = await sha256(weights);
      for (const [name, bytes] of Object.entries(got)) {
        const expected = new Uint8Array(readFileSync(join(out, name)));
        expect(unstamped(name, bytes), name).toEqual(unstamped(name, expected));
        if (name.endsWith('.npy')) continue;
        // Chromium and Node call the adapter otherwise; all else that they say is the same.
        const [ours, theirs] = [bytes, expected].map((file) => readProvenance(file) as Provenance);
        expect({ ...ours, adapter: '' }, name).toEqual({ ...theirs, adapter: '' });
        expect(ours).toMatchObject({ weights: 'small.safetensors', weightsSha256: hash, size: 32 });
        expect(ours?.threshold).toBe(name.includes('.prob.') ? undefined : 0.5);
        expect(ours?.window).toEqual(name.endsWith('.nii.gz') ? [-1350, 150] : undefined);
      }
      expect(table.split(hash).length, 'every row has the hash of the weights').toBe(table.trim().split('\r\n').length);
      const voxels = (name: string) => [
        ...(readNifti(got[name] as Uint8Array, name).data as ArrayLike<number>[] & Uint8Array),
      ];
      for (const name of ['float', 'scaled']) {
        expect(voxels(`${name}.prob.nii.gz`), name).toEqual(voxels('chest.prob.nii.gz'));
        await page.getByRole('button', { name: new RegExp(`^Remove ${name}`) }).click();
      }
      await page.getByRole('button', { name: /^chest\.nii\.gz/ }).click();
      const figures = (text: string, of: string): string[] =>
        text.split(/\r?\n/).flatMap((line) => (line.includes(`${of},`) ? [line.split(',').slice(1, 7).join()] : []));
      const summary = readFileSync(join(out, 'summary.csv'), 'utf8');
      expect(figures(table, 'one.png')).toEqual(figures(summary, 'one.png'));
      expect(figures(table, 'chest.nii.gz').slice(-1)[0]).toMatch(/^all,/);
      expect(figures(table, 'chest.nii.gz').map((line) => line.split(',').slice(3).join())).toEqual(
        figures(summary, 'chest.nii.gz').map((line) => line.split(',').slice(3).join()),
      );
    });

    it('results of other weights, another size or window are stale: shown as such, in no file, in no figure of the table', async () => {
      const { page } = visit;
      const { tensors } = readSafetensors(weights);
      const others = writeSafetensors([...tensors.values()], { size: '32', trained_on: '9 phantoms of infnet' });
      const note = page.locator('.stale-note');
      const rows = async (): Promise<string[]> => {
        const bytes = await downloaded(page, () => button(page, 'Table (CSV)').click());
        return new TextDecoder().decode(bytes).trim().split('\r\n').slice(1);
      };
      const isStale = async (what: string): Promise<void> => {
        await note.getByText(what).waitFor();
        expect(await button(page, 'Mask volume').isDisabled()).toBe(true);
        expect(await button(page, 'All masks (ZIP)').count()).toBe(0);
        expect(await page.locator('.viewer.stale').count()).toBe(1);
        expect(await page.locator('.items .chosen .hint.stale').count()).toBe(1);
        for (const row of await rows()) expect(row).toMatch(/,,,,,,,,"?RESULT_(STALE|MISSING): /);
      };
      const isCurrent = async (): Promise<void> => {
        await note.waitFor({ state: 'detached' });
        expect(await button(page, 'Mask volume').isDisabled()).toBe(false);
        expect((await rows()).some((row) => row.includes('RESULT_'))).toBe(false);
      };
      await isCurrent();
      await fillNumber(page, 'Size the net sees, in pixels', 64);
      await isStale('another size (32 pixels)');
      await fillNumber(page, 'Size the net sees, in pixels', 32);
      await isCurrent();
      await loadWeights(page, others, 'others.safetensors');
      await isStale(`other weights (small.safetensors, ${(await sha256(weights)).slice(0, 12)})`);
      // Weights say what they were trained on, wherever they come from.
      await page
        .locator('.notice', { hasText: 'others.safetensors: These weights were trained on phantoms' })
        .waitFor();
      await page.locator('.strong-line .warning', { hasText: 'trained on phantoms' }).waitFor();
      await loadWeights(page, weights);
      await isCurrent();
      await page.locator('.origin summary', { hasText: 'small.safetensors' }).click();
      await page.locator('.origin', { hasText: await sha256(weights) }).waitFor();
    });

    it('threshold, layers, slice and window from the keyboard', async () => {
      const { page } = visit;
      const shown = () =>
        page.locator('.viewer canvas').evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
      const changed = async (act: () => Promise<void>): Promise<void> => {
        const before = await shown();
        await act();
        await expect.poll(shown, { timeout: PATIENT }).not.toBe(before);
      };
      const fraction = () => page.locator('.big').textContent();
      const before = await fraction();
      await page.getByRole('slider', { name: 'Threshold' }).press('Home');
      expect(await fraction()).not.toBe(before);
      await changed(() => page.getByRole('slider', { name: 'Slice' }).press('ArrowRight'));
      await changed(() => page.getByRole('checkbox', { name: 'Probability' }).press('Space'));
      await changed(() => page.getByRole('slider', { name: 'Opacity' }).press('Home'));
      await changed(() => page.getByRole('slider', { name: 'Level' }).press('End'));
      expect(await page.getByText('Segment again to renew it').isVisible()).toBe(true);
    });

    it('a lost device: the next slice is computed on another one, with the same result', async () => {
      const { page } = visit;
      const before = await page.locator('.items').textContent();
      await page.evaluate(() => infnetTest.destroyDevice('lab'));
      await page.getByText('The GPU device was lost').waitFor();
      await page.getByRole('combobox', { name: 'What becomes black and white' }).selectOption('lung');
      await page.evaluate(() => infnetTest.segmentAgain());
      expect(await page.locator('.items').textContent()).toBe(before);
    });

    it('files that are none, weights that do not fit: what to do, and nothing lost', async () => {
      const { page, problems } = visit;
      const count = await page.locator('.items li').count();
      await dropFiles(page, 'main', { 'letter.txt': new TextEncoder().encode('Dear colleague,') });
      await page.locator('.notice', { hasText: 'DATA_UNKNOWN_FORMAT' }).waitFor();
      await dropFiles(page, 'main', { 'cut.png': slice.subarray(0, 200) });
      await page.locator('.notice', { hasText: 'DATA_TRUNCATED · cut.png' }).waitFor();
      await dropFiles(page, 'main', { 'cut.nii.gz': chest.subarray(0, 900) });
      await page.locator('.notice', { hasText: 'DATA_TRUNCATED · cut.nii.gz' }).waitFor();
      const series = refused.find(({ code }) => code === 'DATA_NIFTI_SERIES');
      await dropFiles(page, 'main', { 'series.nii.gz': series?.bytes as Uint8Array });
      await page.locator('.notice', { hasText: 'DATA_NIFTI_SERIES' }).waitFor();
      await loadWeights(page, weights.subarray(0, 5000), 'cut.safetensors');
      await page.locator('.notice', { hasText: 'CHECKPOINT_TRUNCATED' }).waitFor();
      expect(await page.locator('.items li').count()).toBe(count);
      expect(await page.locator('.strong-line', { hasText: 'small.safetensors' }).isVisible()).toBe(true);
      expect(problems).toEqual([]);
    });

    it('a result that is dropped among slices is none', async () => {
      const { page } = visit;
      const count = await page.locator('.items li').count();
      await page.getByRole('button', { name: /^one\.png/ }).click();
      const mask = await downloaded(page, () => button(page, 'Mask').click());
      await dropFiles(page, 'main', { 'found.png': mask });
      await page.locator('.notice', { hasText: 'ITEM_IS_RESULT · found.png' }).waitFor();
      expect(await page.locator('.items li').count()).toBe(count);
      await page.getByRole('button', { name: /^chest\.nii\.gz/ }).click();
    });

    it.skipIf(!isLong)(`200 segmentations leave memory flat${longNote}`, async () => {
      const { page } = visit;
      while ((await page.locator('.items li').count()) > 1)
        await page.getByRole('button', { name: 'Remove chest.nii.gz' }).click();
      const again = (times: number) =>
        page.evaluate(async (count) => {
          for (let i = 0; i < count; i++) await infnetTest.segmentAgain();
        }, times);
      // One reading is up to 1 MB above the next: a collection leaves what is still on its way between threads. What
      // stays is in all.
      const measured = async () => {
        const heaps: Heap[] = [];
        for (let i = 0; i < 6; i++) {
          await again(1);
          heaps.push(await heapOf(page));
        }
        const least = (of: keyof Heap): number => Math.min(...heaps.map((heap) => heap[of]));
        return { gpu: await page.evaluate(() => infnetTest.memory()), worker: least('worker'), page: least('page') };
      };
      await again(20);
      const before = await measured();
      expect(before.worker, 'the weights alone are in the worker').toBeGreaterThan(weights.length);
      await again(200);
      const after = await measured();
      expect(after.gpu).toEqual(before.gpu);
      // A map of a slice of 90 x 70 pixels has 25 kB: one that stayed each time would be 5 MB.
      expect(after.worker - before.worker).toBeLessThan(1e6);
      expect(after.page - before.page).toBeLessThan(1e6);
    });
  });
}
