/** The built page in headless Chromium on SwiftShader: every place's main path, what may go wrong, and the same bits as in Node. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { open } from '@infnet/core';
import { encodePng, phantomSlice } from '@infnet/data';
import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixture } from '../../../packages/data/test/fixtures/nifti.js';
import { weightsFile } from '../src/worker/train.js';
import { openTrainData } from '../src/worker/train-data.js';
import type { TrainData, TrainSettings } from '../src/worker/train-protocol.js';
import { runTraining } from '../src/worker/training.js';
import { BuiltPage, downloaded, dropFiles, infnet, smallWeights, type Visit } from './support.js';

/** Milliseconds for what takes a minute on a busy machine. */
const LONG = 300_000;

let built: BuiltPage;
beforeAll(async () => {
  built = await BuiltPage.open();
}, LONG);
afterAll(() => built?.close());

const weights = smallWeights();
const slice = encodePng(phantomSlice(5, { width: 90, height: 70 }).image);
const { bytes: chest } = fixture('chest.nii.gz');
const DROP = '.drop:has-text("Drop slices")';

async function loadWeights(page: Page, name = 'small.safetensors', bytes: Uint8Array = weights): Promise<void> {
  await dropFiles(page, '.drop:has-text(".pth or .safetensors")', { [name]: bytes });
}

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

/** Segments what is there, to the end. */
async function segment(page: Page): Promise<void> {
  await button(page, 'Segment').click();
  await page.locator('.progress').waitFor({ state: 'detached' });
}

describe('Segment', () => {
  let visit: Visit;
  beforeAll(async () => {
    visit = await built.visit();
  });
  afterAll(() => visit?.context.close());

  it('a slice and a volume that are dropped: the bytes of infnet segment', async () => {
    const { page } = visit;
    await loadWeights(page);
    await page.locator('.strong-line', { hasText: 'small.safetensors' }).waitFor();
    await dropFiles(page, DROP, { 'one.png': slice, 'chest.nii.gz': chest });
    await page.getByRole('button', { name: /^chest\.nii\.gz/ }).waitFor();
    await segment(page);
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
    const table = new TextDecoder().decode(await save('Table (CSV)'));

    const { folder } = built;
    writeFileSync(join(folder, 'one.png'), slice);
    writeFileSync(join(folder, 'chest.nii.gz'), chest);
    writeFileSync(join(folder, 'w.safetensors'), weights);
    const inputs = ['one.png', 'chest.nii.gz', 'w.safetensors'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    const out = join(folder, 'results');
    const options = ['--size', '32', '--format', 'npy', '--adapter', 'swiftshader', '--no-time'];
    await infnet('segment', inputs[0], inputs[1], '--weights', inputs[2], '--out', out, ...options);
    for (const [name, bytes] of Object.entries(got)) {
      expect(Buffer.compare(bytes, readFileSync(join(out, name))), name).toBe(0);
    }
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
    const shown = () => page.locator('.viewer canvas').evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
    const changed = async (act: () => Promise<void>): Promise<void> => {
      const before = await shown();
      await act();
      await expect.poll(shown, { timeout: 10_000 }).not.toBe(before);
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
    await page.locator('.notice', { hasText: 'DATA_TRUNCATED' }).waitFor();
    await loadWeights(page, 'cut.safetensors', weights.subarray(0, 5000));
    await page.locator('.notice', { hasText: 'CHECKPOINT_TRUNCATED' }).waitFor();
    expect(await page.locator('.items li').count()).toBe(count);
    expect(await page.locator('.strong-line', { hasText: 'small.safetensors' }).isVisible()).toBe(true);
    expect(problems).toEqual([]);
  });

  it('200 segmentations leave memory flat', async () => {
    const { page } = visit;
    while ((await page.locator('.items li').count()) > 1)
      await page.getByRole('button', { name: 'Remove chest.nii.gz' }).click();
    const [worker] = page.workers();
    const measured = async () => {
      const collect = (): number => {
        (globalThis as unknown as { gc: () => void }).gc();
        return (performance as unknown as { memory?: { usedJSHeapSize: number } }).memory?.usedJSHeapSize ?? 0;
      };
      const heaps = [await page.evaluate(collect), (await worker?.evaluate(collect)) ?? 0];
      return { gpu: await page.evaluate(() => infnetTest.memory()), heaps };
    };
    const again = (times: number) =>
      page.evaluate(async (count) => {
        for (let i = 0; i < count; i++) await infnetTest.segmentAgain();
      }, times);
    await again(20);
    const before = await measured();
    await again(200);
    const after = await measured();
    expect(after.gpu).toEqual(before.gpu);
    expect(before.heaps[0]).toBeGreaterThan(0);
    for (const [i, heap] of after.heaps.entries()) expect(heap - (before.heaps[i] as number)).toBeLessThan(1e6);
  });
});

describe('Train', () => {
  const settings: TrainSettings = {
    size: 32,
    // The fewest layers: dispatches are what costs at this size.
    backbone: 'vgg16',
    width: 0.25,
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

  const stepsOf = async (page: Page): Promise<number> => Number(await page.locator('.facts dd').first().textContent());
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
      const { page, context, problems } = await built.visit('train');
      await page.getByRole('combobox', { name: 'Backbone' }).selectOption('vgg16');
      await fill(page, { 'With masks': 10, 'Size, pixels': 32, Epochs: 10, 'Slices per step': 2 });
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
      await page.getByText('Speed').waitFor();
      // A busy machine delays any page now and then. Work of the page's own would delay it in every span, since steps go on.
      const worst: number[] = [];
      while (worst.length < 8 && !worst.some((delay) => delay < 100)) {
        worst.push(Math.max(...(await page.evaluate(measureDelays))));
      }
      expect(await stepsOf(page), 'it trained all the while').toBeLessThan(50);
      expect(Math.min(...worst), `largest delays in ms: ${worst.map(Math.round)}`).toBeLessThan(100);
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

  it('labels slices itself, round by round; its weights serve Segment', async () => {
    const { page, context, problems } = await built.visit('train');
    await page.getByRole('combobox', { name: 'Backbone' }).selectOption('vgg16');
    await fill(page, { 'With masks': 2, 'Without masks': 2, 'Size, pixels': 32, Epochs: 1, 'Slices per step': 2 });
    await fill(page, { 'Slices per round': 1, 'Epochs per round': 1, 'Epochs at the end': 1 });
    await button(page, 'Start training').click();
    await page.getByRole('heading', { name: 'Finished' }).waitFor();
    expect(await page.locator('.rounds li').allTextContents()).toEqual([
      'Round 1: 3 slices, 1 labelled by the net',
      'Round 2: 4 slices, 2 labelled by the net',
    ]);
    await button(page, 'Use in Segment').click();
    await page.getByText('Segment uses the weights').waitFor();
    await page.getByRole('link', { name: 'Segment' }).click();
    await page.locator('.strong-line', { hasText: 'trained.safetensors' }).waitFor();
    expect(problems).toEqual([]);
    await context.close();
  });
});

describe('Inspect and Compare', () => {
  it('traces, measures, shows the text of a kernel, and tells what the machine is', async () => {
    const { page, context, problems } = await built.visit('inspect');
    await fillNumber(page, 'Size', 32);
    await button(page, 'Trace').click();
    await page.getByText('Dispatches per run').waitFor();
    await button(page, 'Measure').click();
    await page.getByText('Time of a run').waitFor();
    await page.locator('td .link').first().click();
    expect(await page.locator('table pre').textContent()).toContain('@compute');
    await page.locator('.tree summary', { hasText: 'resnet' }).click();
    await page.locator('.tree summary', { hasText: 'layer1' }).waitFor();
    expect(await page.getByTestId('diagnostics').textContent()).toMatch(/maxBufferSize: \d+/);
    expect(problems).toEqual([]);
    await context.close();
  });

  it('measures our convolutions, and says which libraries this build lacks', async () => {
    const { page, context, problems } = await built.visit('compare');
    await button(page, 'Run').click();
    const saved = await downloaded(page, () => button(page, 'Save as JSON').click());
    const { rows } = JSON.parse(new TextDecoder().decode(saved));
    const ours = rows.filter(({ library }: { library: string }) => library === 'infnet');
    expect(ours).toHaveLength(5);
    for (const { milliseconds } of ours) expect(milliseconds[0]).toBeGreaterThan(0);
    expect(await page.getByText('cannot: not in this build').count()).toBe(10);
    expect(problems).toEqual([]);
    await context.close();
  });
});

describe('the page', () => {
  it('says what to do without WebGPU', async () => {
    const { page, context } = await built.visit('segment', (fresh) => fresh.addInitScript(withoutWebGpu));
    await page.getByText('This browser cannot compute here yet').waitFor();
    await page.getByText('DEVICE_NO_WEBGPU').waitFor();
    expect(await page.getByText('Use a current Chrome, Edge, Firefox or Safari').isVisible()).toBe(true);
    await context.close();
  });

  it('is accessible in every place, light and dark, and works offline', async () => {
    const { page, context } = await built.visit();
    const axe = readFileSync(join(import.meta.dirname, '../../../node_modules/axe-core/axe.min.js'), 'utf8');
    await page.evaluate(() => navigator.serviceWorker.ready);
    await context.setOffline(true);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      for (const name of ['Segment', 'Train', 'Inspect', 'Compare']) {
        await page.getByRole('link', { name, exact: true }).click();
        await page.reload();
        await page.getByRole('heading', { name, exact: true }).first().waitFor();
        if (name === 'Segment') await button(page, 'Try phantoms').click();
        if (name === 'Segment') await page.getByRole('slider', { name: 'Threshold' }).waitFor();
        await page.evaluate(axe);
        const found = await page.evaluate(async () => {
          const { violations } = await (globalThis as unknown as Axe).axe.run();
          return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
        });
        expect(found, `${name}, ${colorScheme}`).toEqual([]);
      }
    }
    await context.close();
  });
});

interface Axe {
  readonly axe: { run(): Promise<{ violations: readonly { id: string; nodes: readonly { html: string }[] }[] }> };
}

declare const infnetTest: import('../src/app/test-hooks.js').TestHooks;

async function fillNumber(page: Page, label: string, value: number): Promise<void> {
  const field = page.getByRole('spinbutton', { name: label, exact: true });
  await field.fill(String(value));
  await field.press('Tab');
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

/** Takes WebGPU away from the page's workers, which is where the page looks for it. */
function withoutWebGpu(): void {
  const Original = Worker;
  globalThis.Worker = class extends Original {
    constructor(url: string | URL, options?: WorkerOptions) {
      const text = `import 'data:text/javascript,delete WorkerNavigator.prototype.gpu'; import ${JSON.stringify(String(url))};`;
      super(URL.createObjectURL(new Blob([text], { type: 'text/javascript' })), options);
    }
  };
}
