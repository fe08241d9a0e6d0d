/** Folders on Segment: dropped as the system drops them, and chosen. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodePng } from '@infnet/data';
import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COLOUR_JPEG } from '../../../../packages/data/test/support/pictures.js';
import {
  type BuiltPage,
  button,
  DROP_SLICES,
  downloaded,
  dropFiles,
  dropPaths,
  loadWeights,
  PATIENT,
  segment,
  smallWeights,
  type Visit,
} from '../support.js';

/** More than the 100 entries that Chromium gives of a folder at once. */
const MANY = 230;

export function folderTests(built: () => BuiltPage): void {
  describe('Segment, folders', () => {
    let folder: string;
    let visit: Visit;
    beforeAll(async () => {
      folder = join(built().folder, 'scans');
      const slice = (factor: number, side: number) => {
        const data = Uint8Array.from({ length: side * side }, (_, i) => i * factor);
        return encodePng({ width: side, height: side, data });
      };
      const files: Record<string, Uint8Array | string> = {
        'notes.txt': 'read me',
        '.DS_Store': 'of the system',
        'first/1.png': slice(1, 40),
        'second/1.png': slice(2, 48),
        'second/deep/er/colour.JPG': COLOUR_JPEG,
        'second/deep/table.csv': 'a,b',
        'second/deep/broken.png': slice(3, 40).subarray(0, 99),
      };
      const small = slice(4, 16);
      for (let i = 0; i < MANY; i++) files[`many/${i}.png`] = small;
      for (const [name, content] of Object.entries(files)) {
        const path = join(folder, name);
        mkdirSync(join(path, '..'), { recursive: true });
        writeFileSync(path, content);
      }
      visit = await built().visit();
    });
    afterAll(() => visit?.context.close());

    const names = (page: Page) => page.locator('.item-name').allTextContents();
    const all = async (page: Page): Promise<void> => {
      await expect.poll(async () => (await names(page)).length, { timeout: PATIENT }).toBe(MANY + 3);
    };
    const first = ['scans/first/1.png', '0.png', 'scans/many/1.png', '2.png'];

    it('a folder of several hundred files that is dropped: all its slices in order, what is none is named', async () => {
      const { page, problems } = visit;
      await dropPaths(page, DROP_SLICES, [folder]);
      await all(page);
      expect((await names(page)).slice(0, 4)).toEqual(first);
      expect((await names(page)).slice(-3)).toEqual(['229.png', 'scans/second/1.png', 'colour.JPG']);
      await page.getByText('2 of 236 files: scans/notes.txt and scans/second/deep/table.csv').waitFor();
      await page.locator('.notice', { hasText: 'DATA_TRUNCATED' }).waitFor();
      await page.getByRole('button', { name: /^colour\.JPG/ }).click();
      await page.locator('figcaption', { hasText: 'colour.JPG · 33 × 21' }).waitFor();
      expect(problems).toEqual([]);
    });

    it('a folder with masks: its slices alone', async () => {
      const { page } = visit;
      const count = (await names(page)).length;
      const set = join(built().folder, 'with-masks');
      for (const [part, factor] of Object.entries({ GT: 5, Imgs: 6, Edge: 7 })) {
        mkdirSync(join(set, part), { recursive: true });
        const data = Uint8Array.from({ length: 40 * 40 }, (_, i) => i * factor);
        for (const i of [1, 2]) writeFileSync(join(set, part, `${i}.png`), encodePng({ width: 40, height: 40, data }));
      }
      await dropPaths(page, 'main', [set]);
      await page.getByText('4 of 6 files: with-masks/Edge and with-masks/GT').waitFor();
      await expect
        .poll(async () => (await names(page)).slice(count))
        .toEqual(['with-masks/Imgs/1.png', 'with-masks/Imgs/2.png']);
    });

    it('names that hide something are shown with escapes and cut, and no spreadsheet computes them', async () => {
      const { page, context, problems } = await built().visit();
      await loadWeights(page, smallWeights());
      const hostile = '=1+\x1b[31m\u202egnp\n<img src=x onerror=alert(1)>.png';
      const long = `@${'a'.repeat(300)}.png`;
      const slice = encodePng({ width: 40, height: 40, data: new Uint8Array(1600) });
      await dropFiles(page, DROP_SLICES, { [hostile]: slice, [long]: slice, '\u2066.png': slice.subarray(0, 70) });
      await page.locator('.notice', { hasText: 'DATA_TRUNCATED · \\u2066.png' }).waitFor();
      const escaped = '=1+\\u001b[31m\\u202egnp\\n<img src=x onerror=alert(1)>.png';
      const shown = (await names(page)).sort();
      expect(shown[0]).toBe(escaped);
      expect(shown[1]).toMatch(/^@a+\.\.\.a+\.png$/);
      expect(shown[1]?.length).toBeLessThan(100);
      await segment(page);
      await page.getByRole('button', { name: /^=1.*%/ }).click();
      await page.locator('figcaption', { hasText: escaped }).waitFor();
      const all = await page.evaluate(() => document.documentElement.outerHTML);
      expect(all).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
      expect(await page.locator('.items img, .notices img, figcaption img').count()).toBe(0);
      const table = new TextDecoder().decode(await downloaded(page, () => button(page, 'Table (CSV)').click()));
      const cells = table.split('\r\n').map((line) => line.split(',')[0]);
      expect(cells.slice(1, 3).sort()).toEqual([`'${escaped}`, `'${long}`]);
      expect(problems).toEqual([]);
      await context.close();
    });

    it('folders that are chosen: segmented, and saved under their paths', async () => {
      const { page, context, problems } = await built().visit();
      await loadWeights(page, smallWeights());
      await page.getByLabel('Drop slices, a folder, or a volume here: folder').setInputFiles(join(folder, 'second'));
      // Named before its slices are read: the next folder comes while they are, and waits for them.
      await page.getByText('second/deep/table.csv').waitFor();
      await page.getByLabel('Add more: folder').setInputFiles(join(folder, 'first'));
      await expect.poll(() => names(page)).toEqual(['second/1.png', 'colour.JPG', 'first/1.png']);
      await segment(page);
      await page.getByRole('button', { name: /^first\/1\.png.*%/ }).waitFor();
      const table = new TextDecoder().decode(await downloaded(page, () => button(page, 'Table (CSV)').click()));
      expect(table.split('\r\n').map((line) => line.split(',')[0])).toEqual([
        'file',
        'second/1.png',
        'second/deep/er/colour.JPG',
        'first/1.png',
        '',
      ]);
      const archive = new TextDecoder('latin1').decode(
        await downloaded(page, () => button(page, 'All masks (ZIP)').click()),
      );
      for (const name of ['second/1.mask.png', 'second/deep/er/colour.mask.png', 'first/1.mask.png', 'summary.csv']) {
        expect(archive).toContain(name);
      }
      expect(problems).toEqual([]);
      await context.close();
    });
  });
}
