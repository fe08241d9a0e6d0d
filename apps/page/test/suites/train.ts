/** Train: the bits of Node through all that may disturb a training, and rounds of pseudo labels. */
import { readSafetensors } from '@infnet/checkpoint';
import { open } from '@infnet/core';
import { infection } from '@infnet/segmentation';
import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { openTrainData } from '../../src/worker/train-data.js';
import type { TrainData, TrainSettings } from '../../src/worker/train-protocol.js';
import { weightsFile } from '../../src/worker/trained-weights.js';
import { runTraining } from '../../src/worker/training.js';
import { type BuiltPage, button, downloaded, PATIENT } from '../support.js';

declare const infnetTest: import('../../src/app/test-hooks.js').TestHooks;

export function trainTests(built: () => BuiltPage): void {
  describe('Train', () => {
    const settings: TrainSettings = {
      size: 32,
      // The fewest layers: dispatches are what costs at this size.
      task: 'infection',
      options: { backbone: 'vgg16', width: 0.125, channels: 16 },
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
      expect.poll(() => stepsOf(page), { timeout: PATIENT, interval: 100 }).toBeGreaterThanOrEqual(step);

    it('50 steps, through a lost device, a pause and a reload, none of them on the page’s thread: the bits of Node', async () => {
      const data: TrainData = { kind: 'phantoms', labelled: 10, unlabelled: 0, validation: 4, seed: 1000 };
      const inNode = (async () => {
        const opened = await openTrainData(infection, data, settings.seed, () => {});
        const openContext = () => open({ adapter: 'swiftshader', onMessage: () => {} });
        const { parameters } = await runTraining({ task: infection, settings, data: opened, open: openContext });
        return weightsFile(infection, settings, parameters, { steps: 50, epochs: 10, trainedOn: opened.trainedOn });
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
      // None is computed on the page's thread, so that it has time between any two steps. Counted, not timed
      // (`scripts/input-delay.mjs` does that): a step on the page's thread would leave no turn before the next.
      const { turns, steps } = await page.evaluate(countTurns, 10);
      expect(turns).toBeGreaterThan(steps);
      await page.reload();
      await page.getByText('The page was closed while it trained').waitFor();
      expect(await stepsOf(page)).toBeGreaterThan(0);
      await page.getByRole('heading', { name: 'Finished' }).waitFor();
      expect(await stepsOf(page)).toBe(50);
      expect(await page.locator('.pictures canvas').count()).toBe(4);
      const bytes = await downloaded(page, () => button(page, 'Save weights').click());
      expect(Buffer.compare(bytes, await inNode)).toBe(0);
      expect(Object.fromEntries(readSafetensors(bytes).metadata)).toMatchObject({
        trained_on: '10 phantoms of infnet',
        trained_epochs: '10',
      });
      await button(page, 'Use in Segment').click();
      await page.getByRole('link', { name: 'Segment', exact: true }).click();
      await page.locator('.strong-line .warning', { hasText: 'trained on phantoms' }).waitFor();
      expect(problems).toEqual([]);
      await context.close();
    });

    it('a training has one tab: another one sees it, cannot touch it, takes it over when that is closed, and asks before it throws it away', async () => {
      const { page: first, context, problems } = await built().visit('train');
      const another = async (): Promise<Page> => {
        const page = await context.newPage();
        page.setDefaultTimeout(PATIENT);
        await page.goto(`${built().url}?test#/train`);
        return page;
      };
      const untouchable = async (page: Page): Promise<void> => {
        await page.getByRole('heading', { name: 'Runs in another tab' }).waitFor();
        for (const name of ['Stop and discard', 'New training', 'Resume', 'Start training', 'Pause']) {
          expect(await button(page, name).count(), name).toBe(0);
        }
      };
      /** Until it trains: a step more than it had when it was paused. */
      const resumes = async (page: Page): Promise<void> => {
        const before = await stepsOf(page);
        await button(page, 'Resume').click();
        await reaches(page, before + 1);
      };
      // Open before the first one starts: it still offers to start.
      const early = await another();
      await button(early, 'Start training').waitFor();
      // The smallest net there is, and never to its end.
      await first.getByRole('combobox', { name: 'Task' }).selectOption('tissue');
      await fill(first, { 'With masks': 40, 'Size, pixels': 32, Epochs: 1000, 'Slices per step': 2, Width: 4 });
      await button(first, 'Start training').click();
      await reaches(first, 3);
      const second = await another();
      await untouchable(second);
      await button(early, 'Start training').click();
      await early.getByText('TRAIN_ELSEWHERE').waitFor();
      await untouchable(early);
      const before = await stepsOf(first);
      await reaches(first, before + 2);
      await early.close();

      await button(first, 'Pause').click();
      await button(second, 'Resume').waitFor();
      await resumes(first);
      const third = await another();
      await untouchable(third);
      // The owner goes without a word, as one that crashes.
      await first.close();
      await third.getByText('The tab that trained was closed').waitFor();
      await resumes(third);
      await button(third, 'Pause').click();
      await button(third, 'Stop and discard').click();
      await third
        .getByRole('alertdialog')
        .getByText(/Throw away \d+ steps/)
        .waitFor();
      await button(third, 'Keep it').click();
      await resumes(third);
      // A tab of an older version of the page knows of no owner: what it throws away is not written over, and the
      // weights can be saved.
      await third.evaluate(clearStorage);
      await third.getByText('TRAIN_TAKEN').waitFor();
      expect((await downloaded(third, () => button(third, 'Save weights').click())).length).toBeGreaterThan(500);
      await button(third, 'Stop and discard').click();
      await button(third, 'Throw away').click();
      await button(third, 'Start training').waitFor();
      // What the other tab shows is gone: it says so, and starts nothing.
      await button(second, 'Resume').click();
      await second.getByText('TRAIN_CHANGED').waitFor();
      await button(second, 'Start training').waitFor();
      expect(problems).toEqual([]);
      await context.close();
    });
  });
}

/** How often the main thread gets a turn while that many steps are taken. */
function countTurns(steps: number): Promise<{ turns: number; steps: number }> {
  return new Promise((resolve) => {
    const now = (): number => Number(document.querySelector('.facts dd')?.textContent);
    const begun = now();
    let turns = 0;
    const turn = (): void => {
      turns++;
      if (now() - begun >= steps) resolve({ turns, steps: now() - begun });
      else setTimeout(turn, 0);
    };
    setTimeout(turn, 0);
  });
}

/** All that a page stored of a training. */
function clearStorage(): Promise<void> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('infnet');
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const write = opening.result.transaction(['current', 'labels'], 'readwrite');
      write.objectStore('current').clear();
      write.objectStore('labels').clear();
      write.oncomplete = () => {
        opening.result.close();
        resolve();
      };
    };
  });
}
