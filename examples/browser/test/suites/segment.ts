/** Segment: files in, the bytes of `infnet segment` out, and what may go wrong between. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodePng, phantomSlice, readNifti } from '@infnet/data';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixture, refused } from '../../../../packages/data/test/fixtures/nifti.js';
import { niftiVariant } from '../nifti-variants.js';
import {
  type BuiltPage,
  button,
  DROP_SLICES,
  downloaded,
  dropFiles,
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

/** The chest as other programs store volumes: the other byte order and scaled, or as float32, with either transformation. */
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
      writeFileSync(join(folder, 'w.safetensors'), weights);
      for (const [name, bytes] of Object.entries(volumes)) writeFileSync(join(folder, name), bytes);
      const inputs = ['one.png', 'chest.nii.gz', ...Object.keys(volumes)].map((name) => join(folder, name));
      const out = join(folder, 'results');
      const options = ['--size', '32', '--format', 'npy', '--adapter', 'swiftshader', '--no-time'];
      await infnet('segment', ...inputs, '--weights', join(folder, 'w.safetensors'), '--out', out, ...options);
      for (const [name, bytes] of Object.entries(got)) {
        expect(Buffer.compare(bytes, readFileSync(join(out, name))), name).toBe(0);
      }
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

    it('200 segmentations leave memory flat', async () => {
      const { page } = visit;
      while ((await page.locator('.items li').count()) > 1)
        await page.getByRole('button', { name: 'Remove chest.nii.gz' }).click();
      const again = (times: number) =>
        page.evaluate(async (count) => {
          for (let i = 0; i < count; i++) await infnetTest.segmentAgain();
        }, times);
      // One reading is up to 1 MB above the next: a collection leaves what is still on its way between threads. What stays is in all.
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
