/** Train: the bits of Node through all that may disturb a training, and rounds of pseudo labels. */
import { readSafetensors } from '@infnet/checkpoint';
import { infection } from '@infnet/segmentation';
import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import type { AskedSettings, TrainData } from '../../src/worker/train-protocol.js';
import { trainedInNode } from '../node-training.js';
import tissue from '../own-task.js';
import { type BuiltPage, button, downloaded, PATIENT } from '../support.js';

declare const infnetTest: import('../../src/app/test-hooks.js').TestHooks;

/** More than go by while the training is disturbed. */
const EPOCHS = 60;

/** The first device hangs: what is mapped never is. Then minutes are milliseconds, until there is another device. */
const HANGS = `
  let maps = 0;
  let hangs = false;
  const { mapAsync } = GPUBuffer.prototype;
  GPUBuffer.prototype.mapAsync = function (...given) {
    if (++maps === 12) hangs = true;
    return hangs ? new Promise(() => {}) : mapAsync.apply(this, given);
  };
  const { requestDevice } = GPUAdapter.prototype;
  GPUAdapter.prototype.requestDevice = function (...given) {
    hangs = false;
    return requestDevice.apply(this, given);
  };
  const later = setTimeout;
  globalThis.setTimeout = (tick, milliseconds, ...given) =>
    later(tick, hangs && milliseconds > 1000 ? 5 : milliseconds, ...given);`;

export function trainTests(built: () => BuiltPage): void {
  describe('Train', () => {
    const usual = {
      ...({ size: 32, batch: 2, lr: 1e-3, seed: 1, augment: 'mild', masks: 'binary' } as const),
      group: 1,
      roundEpochs: 1,
      finetuneEpochs: 1,
    };
    const phantoms = (labelled: number): TrainData => {
      return { kind: 'phantoms', labelled, unlabelled: 0, validation: 4, seed: 1000 };
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

    it('Inf-Net: the bits of Node, and no step on the page’s thread', async () => {
      // The fewest layers: dispatches are what costs at this size.
      const options = { backbone: 'vgg16', width: 0.125, channels: 16 };
      const inNode = trainedInNode(infection, { ...usual, task: 'infection', options, epochs: 3 }, phantoms(4));
      const { page, context, problems } = await built().visit('train');
      await page.getByRole('combobox', { name: 'Backbone' }).selectOption('vgg16');
      await fill(page, { 'With masks': 4, 'Size, pixels': 32, Epochs: 3, 'Slices per step': 2, Width: 0.125 });
      await button(page, 'Start training').click();
      await reaches(page, 1);
      // None is computed on the page's thread, so that it has time between any two steps. Counted, not timed
      // (`scripts/input-delay.mjs` does that): a step on the page's thread would leave no turn before the next.
      const { turns, steps } = await page.evaluate(countTurns, 3);
      expect(turns).toBeGreaterThan(steps);
      await page.getByRole('heading', { name: 'Finished' }).waitFor();
      expect(await stepsOf(page)).toBe(6);
      expect(await page.locator('.pictures canvas').count()).toBe(4);
      const bytes = await downloaded(page, () => button(page, 'Save weights').click());
      expect(Buffer.compare(bytes, await inNode)).toBe(0);
      expect(Object.fromEntries(readSafetensors(bytes).metadata)).toMatchObject({
        trained_on: '4 phantoms of infnet',
        trained_epochs: '3',
      });
      await button(page, 'Use in Segment').click();
      await page.getByRole('link', { name: 'Segment', exact: true }).click();
      await page.locator('.strong-line .warning', { hasText: 'trained on phantoms' }).waitFor();
      expect(problems).toEqual([]);
      await context.close();
    });

    it('through a lost device, a pause, a damaged state and a reload: the bits of Node', async () => {
      const asked: AskedSettings = { ...usual, task: 'tissue', options: { width: 4 }, epochs: EPOCHS };
      const inNode = trainedInNode(tissue, asked, phantoms(4));
      const { page, context, problems } = await built().visit('train');
      await page.getByRole('combobox', { name: 'Task' }).selectOption('tissue');
      await fill(page, { 'With masks': 4, 'Size, pixels': 32, Epochs: EPOCHS, 'Slices per step': 2, Width: 4 });
      await button(page, 'Start training').click();
      await reaches(page, 3);
      await page.evaluate(() => infnetTest.destroyDevice('train'));
      await page.getByText('The training went on from step').waitFor();
      const lost = await stepsOf(page);
      await reaches(page, lost + 3);
      await button(page, 'Pause').click();
      await button(page, 'Resume').waitFor();
      await page.evaluate(damage);
      await button(page, 'Resume').click();
      await page.getByText('The last stored state is damaged').waitFor();
      await reaches(page, lost + 6);
      await page.reload();
      await page.getByText('The page was closed while it trained').waitFor();
      expect(await stepsOf(page)).toBeGreaterThan(0);
      await page.getByRole('heading', { name: 'Finished' }).waitFor();
      expect(await stepsOf(page)).toBe(2 * EPOCHS);
      const bytes = await downloaded(page, () => button(page, 'Save weights').click());
      expect(Buffer.compare(bytes, await inNode)).toBe(0);
      expect(problems).toEqual([]);
      await context.close();
    });

    it('through a submit that never ends: the bits of Node, on another device', async () => {
      const asked: AskedSettings = { ...usual, task: 'tissue', options: { width: 4 }, epochs: 10 };
      const inNode = trainedInNode(tissue, asked, phantoms(4));
      const { page, context, problems } = await built().visit('train', { inWorkers: HANGS });
      await page.getByRole('combobox', { name: 'Task' }).selectOption('tissue');
      await fill(page, { 'With masks': 4, 'Size, pixels': 32, Epochs: 10, 'Slices per step': 2, Width: 4 });
      await button(page, 'Start training').click();
      await page.getByText('The training went on from step').waitFor();
      await page.getByRole('heading', { name: 'Finished' }).waitFor();
      const bytes = await downloaded(page, () => button(page, 'Save weights').click());
      expect(Buffer.compare(bytes, await inNode)).toBe(0);
      expect(problems).toEqual([]);
      await context.close();
    });

    it('what another version of the page stored goes on, or it is said why not', async () => {
      const { page, context, problems } = await built().visit('train');
      // The page makes its storage when it looks for what is stored.
      const databases = () => page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name));
      await expect.poll(databases, { timeout: PATIENT }).toEqual(['infnet']);
      const names = {
        size: 32,
        task: 'tissue',
        options: { width: 4 },
        epochs: 1,
        batch: 2,
        learningRate: 1e-3,
        seed: 1,
      };
      const older = { ...names, augment: true, group: 1, roundEpochs: 1, lastEpochs: 1 };
      await page.evaluate(store, { settings: older, data: phantoms(4) });
      await page.reload();
      await page.getByRole('heading', { name: 'Paused' }).waitFor();
      await button(page, 'Resume').click();
      await page.getByRole('heading', { name: 'Finished' }).waitFor();
      expect(await stepsOf(page)).toBe(2);

      await page.evaluate(store, { settings: { ...older, learningRate: 'fast' }, data: phantoms(4) });
      await page.reload();
      await page.locator('.notice', { hasText: 'TRAIN_UNREADABLE' }).getByText('--lr is fast').waitFor();
      await page.getByRole('combobox', { name: 'Task' }).selectOption('tissue');
      await fill(page, { 'With masks': 2, 'Size, pixels': 32, Epochs: 1, 'Slices per step': 2, Width: 4 });
      await button(page, 'Start training').click();
      await page.getByRole('heading', { name: 'Finished' }).waitFor();
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
      await fill(first, { 'With masks': 4, 'Size, pixels': 32, Epochs: 1000, 'Slices per step': 2, Width: 4 });
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
      await third.evaluate(store, undefined);
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

/** Flips a bit of the last state that the page stored. */
function damage(): Promise<void> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('infnet');
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const write = opening.result.transaction('current', 'readwrite');
      const current = write.objectStore('current');
      const asking = current.get('generation');
      asking.onsuccess = () => {
        const slot = asking.result % 2 === 0 ? 'state' : 'odd state';
        const reading = current.get(slot);
        reading.onsuccess = () => {
          const state = reading.result as Uint8Array;
          state[state.length - 5] = (state.at(-5) ?? 0) ^ 16;
          current.put(state, slot);
        };
      };
      write.oncomplete = () => {
        opening.result.close();
        resolve();
      };
    };
  });
}

/** Puts a training that waits in place of all that a page stored of one; undefined: nothing. */
function store(training?: object): Promise<void> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('infnet');
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const write = opening.result.transaction(['current', 'labels'], 'readwrite');
      const current = write.objectStore('current');
      current.clear();
      write.objectStore('labels').clear();
      if (training !== undefined) {
        current.put(training, 'training');
        const log = { steps: [], epochs: [], rounds: [] };
        current.put({ status: 'paused', log, pictures: [] }, 'progress');
      }
      write.oncomplete = () => {
        opening.result.close();
        resolve();
      };
    };
  });
}
