/** Train: the bits of Node through all that may disturb a training, and rounds of pseudo labels. */
import { open } from '@infnet/core';
import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { weightsFile } from '../../src/worker/train.js';
import { openTrainData } from '../../src/worker/train-data.js';
import type { TrainData, TrainSettings } from '../../src/worker/train-protocol.js';
import { runTraining } from '../../src/worker/training.js';
import { type BuiltPage, button, downloaded, LONG } from '../support.js';

declare const infnetTest: import('../../src/app/test-hooks.js').TestHooks;

export function trainTests(built: () => BuiltPage): void {
  describe('Train', () => {
    const settings: TrainSettings = {
      size: 32,
      // The fewest layers: dispatches are what costs at this size.
      backbone: 'vgg16',
      width: 0.125,
      channels: 16,
      epochs: 10,
      batch: 2,
      learningRate: 1e-3,
      seed: 1,
      augment: true,
      group: 1,
      roundEpochs: 1,
      lastEpochs: 1,
    };

    async function fill(page: Page, values: Readonly<Record<string, number>>): Promise<void> {
      for (const [label, value] of Object.entries(values)) {
        await page.getByRole('spinbutton', { name: label, exact: true }).fill(String(value));
        await page.getByRole('spinbutton', { name: label, exact: true }).press('Tab');
      }
    }

    const stepsOf = async (page: Page): Promise<number> =>
      Number(await page.locator('.facts dd').first().textContent());
    const reaches = (page: Page, step: number) =>
      expect.poll(() => stepsOf(page), { timeout: 100_000, interval: 100 }).toBeGreaterThanOrEqual(step);

    it(
      '50 steps, through a lost device, a pause and a reload: the bits of Node',
      async () => {
        const data: TrainData = { kind: 'phantoms', labelled: 10, unlabelled: 0, validation: 4, seed: 1000 };
        const inNode = (async () => {
          const opened = await openTrainData(data, settings.seed, () => {});
          const openContext = () => open({ adapter: 'swiftshader', onMessage: () => {} });
          const { parameters } = await runTraining({ settings, data: opened, open: openContext });
          return weightsFile(settings, parameters, 50);
        })();
        const { page, context, problems } = await built().visit('train');
        await page.getByRole('combobox', { name: 'Backbone' }).selectOption('vgg16');
        await fill(page, { 'With masks': 10, 'Size, pixels': 32, Epochs: 10, 'Slices per step': 2, Width: 0.125 });
        await button(page, 'Start training').click();
        await reaches(page, 5);
        await page.evaluate(() => infnetTest.destroyDevice('train'));
        await page.getByText('The training went on from step').waitFor();
        await reaches(page, 14);
        await button(page, 'Pause').click();
        await button(page, 'Resume').click();
        await reaches(page, 22);
        await page.reload();
        await page.getByText('The page was closed while it trained').waitFor();
        expect(await stepsOf(page)).toBeGreaterThan(0);
        await page.getByRole('heading', { name: 'Finished' }).waitFor();
        expect(await stepsOf(page)).toBe(50);
        expect(await page.locator('.pictures canvas').count()).toBe(4);
        const bytes = await downloaded(page, () => button(page, 'Save weights').click());
        expect(Buffer.compare(bytes, await inNode)).toBe(0);
        expect(problems).toEqual([]);
        await context.close();
      },
      LONG,
    );

    it(
      'no input waits for 100 ms while it trains',
      async () => {
        const { page, context, problems } = await built().visit('train');
        await page.getByRole('combobox', { name: 'Backbone' }).selectOption('vgg16');
        // Never to its end: it trains as long as it takes to measure.
        await fill(page, { 'With masks': 10, 'Size, pixels': 32, Epochs: 900, 'Slices per step': 2, Width: 0.125 });
        await button(page, 'Start training').click();
        await reaches(page, 5);
        // A busy machine delays any page now and then. Work of the page's own would delay it in every span, since steps go on.
        const worst: number[] = [];
        while (worst.length < 25 && !worst.some((delay) => delay < 100)) {
          const before = await stepsOf(page);
          const delays = await page.evaluate(measureDelays);
          if ((await stepsOf(page)) > before) worst.push(Math.max(...delays));
        }
        expect(Math.min(...worst), `largest delays in ms: ${worst.map(Math.round)}`).toBeLessThan(100);
        expect(problems).toEqual([]);
        await context.close();
      },
      LONG,
    );
  });
}

/** How late timers of the main thread are, in milliseconds, for some seconds: what an input would wait. */
function measureDelays(): Promise<number[]> {
  return new Promise((resolve) => {
    const delays: number[] = [];
    const begun = performance.now();
    let due = begun + 20;
    const tick = (): void => {
      const now = performance.now();
      delays.push(now - due);
      if (now - begun > 2000) resolve(delays);
      else {
        due = now + 20;
        setTimeout(tick, 20);
      }
    };
    setTimeout(tick, 20);
  });
}
