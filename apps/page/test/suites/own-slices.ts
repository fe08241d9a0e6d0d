/** Train on the visitor's own slices: pairs by name, what is wrong with them in plain words, rounds, a reload. */

import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodePng, phantomSlice } from '@infnet/data';
import { isLong, longNote } from '@infnet/testing';
import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BuiltPage, button, dropPaths, fillNumber, type Visit } from '../support.js';

const WITH = '.drop:has-text("Slices with masks")';
const WITHOUT = '.drop:has-text("Slices without masks")';

export function ownSlicesTests(built: () => BuiltPage): void {
  describe('Train, own slices', () => {
    let visit: Visit;
    const at = (path: string): string => join(built().folder, 'own', path);
    beforeAll(async () => {
      const phantom = (seed: number, side = 64) => phantomSlice(seed, { width: side, height: side });
      const image = (seed: number) => encodePng(phantom(seed).image);
      const mask = (seed: number, side = 64) => encodePng(phantom(seed, side).infection);
      const { width, height, data } = phantom(1).infection;
      const ones = encodePng({ width, height, data: data.map((value) => (value > 0 ? 1 : 0)) });
      const files: Record<string, Uint8Array | string> = {
        'wrong/images/1.png': image(1),
        'wrong/masks/1.png': ones,
        'wrong/images/2.png': image(2),
        'wrong/masks/2.png': mask(2, 80),
        'wrong/images/3.png': image(3),
        'wrong/masks/4.png': mask(4),
        'set/notes.txt': 'which scanner',
        'more/anna/1.png': image(11),
        'more/bert/1.png': image(12),
      };
      for (let i = 1; i <= 6; i++)
        Object.assign(files, { [`set/Imgs/${i}.png`]: image(i), [`set/GT/${i}.png`]: mask(i) });
      for (const [path, content] of Object.entries(files)) {
        mkdirSync(join(at(path), '..'), { recursive: true });
        writeFileSync(at(path), content);
      }
      visit = await built().visit('train');
    });
    afterAll(() => visit?.context.close());

    const found = (page: Page, zone: string) => page.locator(`${zone} .found`);

    it('what is wrong is told by file, with what to do; right ones are counted', async () => {
      const { page } = visit;
      await page.getByRole('combobox', { name: 'Learn from' }).selectOption('files');
      expect(await button(page, 'Start training').isDisabled()).toBe(true);
      await dropPaths(page, WITH, [at('wrong')]);
      const text = found(page, WITH);
      await expect.poll(() => text.textContent()).toContain('Image without mask, 1: wrong/images/3.png');
      expect(await text.textContent()).toContain('Mask without image, 1: wrong/masks/4.png');
      expect(await text.textContent()).toContain(
        'Mask of another size than its image, 1: wrong/masks/2.png (80x80, its image 64x64)',
      );
      expect(await text.textContent()).toContain('Mask that is not binary, 1: wrong/masks/1.png (values 0, 1)');
      expect(await text.textContent()).toContain('choose what under “Masks hold”');
      await page.getByRole('combobox', { name: 'Masks hold' }).selectOption('nonzero');
      await expect.poll(() => text.textContent()).not.toContain('not binary');
      expect(await text.textContent()).toContain('80x80');
      expect(await button(page, 'Start training').isDisabled()).toBe(true);
      await page.getByRole('combobox', { name: 'Masks hold' }).selectOption('binary');

      await dropPaths(page, WITH, [at('more')]);
      await expect.poll(() => text.textContent()).toContain('Drop a folder with two in it');
      await dropPaths(page, WITH, [at('set')]);
      await page.getByText('6 slices with their masks').waitFor();
      await page.getByText('1 other file left out').waitFor();
      await page.getByLabel('Slices without masks (optional): folder').setInputFiles(at('more'));
      await expect.poll(() => found(page, WITHOUT).textContent()).toBe('2 slices');
    });

    it('a file that is gone when the training begins', async () => {
      const { page } = visit;
      await page.getByRole('combobox', { name: 'Backbone' }).selectOption('vgg16');
      for (const [label, value] of Object.entries({
        'Size, pixels': 32,
        Epochs: 1,
        Width: 0.125,
        'Slices per step': 2,
        'Slices per round': 1,
        'Epochs per round': 1,
        'Epochs at the end': 1,
      })) {
        await fillNumber(page, label, value);
      }
      renameSync(at('set/Imgs/3.png'), at('set/away.png'));
      await button(page, 'Start training').click();
      await page.getByText('Unreadable file, 1: set/Imgs/3.png').waitFor();
      await page.getByText('if they were moved or changed, drop them again').waitFor();
      renameSync(at('set/away.png'), at('set/Imgs/3.png'));
      await button(page, 'Stop and discard').click();
    });

    it.skipIf(!isLong)(`rounds of pseudo labels, through a reload; the weights serve Segment${longNote}`, async () => {
      const { page, problems } = visit;
      await dropPaths(page, WITH, [at('set')]);
      await page.getByText('6 slices with their masks').waitFor();
      await button(page, 'Start training').click();
      await page.locator('.rounds li').first().waitFor();
      await page.reload();
      await page.getByText('The page was closed while it trained').waitFor();
      await page.getByRole('heading', { name: 'Finished' }).waitFor();
      expect(await page.locator('.rounds li').allTextContents()).toEqual([
        'Round 1: 6 slices, 1 labelled by the net',
        'Round 2: 7 slices, 2 labelled by the net',
      ]);
      await page.getByRole('heading', { name: 'Dice on slices it does not learn from' }).waitFor();
      await button(page, 'Use in Segment').click();
      await page.getByText('Segment uses the weights').waitFor();
      await page.getByRole('link', { name: 'Segment' }).click();
      await page.locator('.strong-line', { hasText: 'trained.safetensors' }).waitFor();
      expect(problems).toEqual([]);
    });
  });
}
