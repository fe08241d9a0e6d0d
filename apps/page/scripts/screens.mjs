/**
 * Pictures of every place at three widths, light and dark, to be looked at:
 * `node apps/page/scripts/screens.mjs [weights]`.
 *
 * Uses the page in `dist/page` (build it first: `npx vite build apps/page`) and writes to `out/page-screens`,
 * which git ignores. Weights: those given, else `public/weights/phantom.safetensors`, else none. Needs `npm run build`.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodePng, phantomSlice } from '@infnet/data';
import { chromium } from 'playwright';
import { chromiumFlags, ensureChromium } from '../../../scripts/chromium.mjs';
import { servePage } from './serve.mjs';

const here = fileURLToPath(new URL('..', import.meta.url));
const out = join(here, '../../out/page-screens');
const [weights] = process.argv.slice(2);
const SIZES = [
  [360, 740],
  [1280, 860],
  [3840, 2160],
];

/** A folder of slices and masks, some of them wrong. */
const own = mkdtempSync(join(tmpdir(), 'infnet-screens-'));
const put = (path, image) => {
  mkdirSync(dirname(join(own, path)), { recursive: true });
  writeFileSync(join(own, path), encodePng(image));
};
for (const i of [1, 2, 3, 4, 5, 6, 7]) {
  const { image, infection } = phantomSlice(i, { width: 96, height: 96 });
  if (i !== 3) put(`hospital/Imgs/${i}.png`, image);
  put(`hospital/GT/${i}.png`, i === 5 ? phantomSlice(i, { width: 80, height: 80 }).infection : infection);
  put(`right/Imgs/${i}.png`, image);
  put(`right/GT/${i}.png`, infection);
}

const server = await servePage();
mkdirSync(out, { recursive: true });
const browser = await chromium.launch({ ...(await ensureChromium()), args: chromiumFlags });
try {
  const context = await browser.newContext({ serviceWorkers: 'block', bypassCSP: true });
  const tab = await context.newPage();
  tab.setDefaultTimeout(240_000);
  const shoot = async (name, page = tab) => {
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      for (const [width, height] of SIZES) {
        await page.setViewportSize({ width, height });
        await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 150))));
        await page.screenshot({ path: join(out, `${name}-${width}-${colorScheme}.png`), fullPage: width < 3840 });
      }
    }
    console.log(`${name}: ${SIZES.length * 2} pictures in ${out}`);
  };
  const go = (name) => tab.getByRole('link', { name, exact: true }).click();
  await tab.setViewportSize({ width: 1280, height: 860 });
  await tab.goto(server.url);
  await tab.getByRole('heading', { name: 'Weights' }).waitFor();
  await shoot('welcome');
  if (weights !== undefined) await tab.getByLabel('Drop weights: files').setInputFiles(weights);
  if (weights !== undefined || existsSync(join(server.folder, 'weights/phantom.safetensors'))) {
    await tab.getByText('Try phantoms').click();
    await tab.getByRole('button', { name: 'Segment', exact: true }).click();
    await tab.locator('.items li:last-child:has-text("%")').waitFor();
    await tab.locator('.items li:nth-child(4) .item').click();
    await shoot('segment');
    const size = tab.getByLabel('Size the net sees, in pixels');
    const before = await size.inputValue();
    await size.fill('64');
    await size.press('Tab');
    await tab.locator('.stale-note').waitFor();
    await shoot('segment-stale');
    await size.fill(before);
    await size.press('Tab');
    const fixtures = join(here, '../../packages/data/test/fixtures/nifti.json');
    const { base64 } = JSON.parse(readFileSync(fixtures, 'utf8')).files['chest.nii.gz'];
    const buffer = Buffer.from(base64, 'base64');
    const file = { name: 'chest.nii.gz', mimeType: 'application/gzip', buffer };
    await tab
      .getByLabel('Add more: files')
      .setInputFiles([file, { ...file, name: 'cut.nii.gz', buffer: buffer.subarray(0, 900) }]);
    await tab.getByText('DATA_TRUNCATED').waitFor();
    await tab.getByRole('button', { name: 'Segment', exact: true }).click();
    await tab.locator('.items li:last-child:has-text("%")').waitFor();
    await tab.locator('button:enabled', { hasText: /^Segment$/ }).waitFor();
    await tab.getByRole('checkbox', { name: 'Probability' }).check();
    await shoot('volume');
    for (const dismiss of await tab.getByRole('button', { name: 'Dismiss this message' }).all()) await dismiss.click();
  }
  await go('Inspect');
  await tab.getByRole('button', { name: 'Trace', exact: true }).click();
  await tab.getByRole('button', { name: 'Measure', exact: true }).click();
  await tab.getByText('Time of a run').waitFor();
  await tab.locator('td .link').first().click();
  await tab.locator('table pre').waitFor();
  await shoot('inspect');
  await go('Train');
  await shoot('train-welcome');
  await tab.getByLabel('Learn from').selectOption('files');
  await tab.getByLabel('Slices with masks: folder').setInputFiles(join(own, 'hospital'));
  await tab.getByText('Mask without image').waitFor();
  await shoot('train-wrong');
  await tab.getByLabel('Slices with masks: folder').setInputFiles(join(own, 'right'));
  await tab.getByLabel('Slices without masks (optional): folder').setInputFiles(join(own, 'right/Imgs'));
  await tab.getByText('7 slices', { exact: true }).waitFor();
  await shoot('train-own');
  await tab.getByLabel('Learn from').selectOption('phantoms');
  await tab.getByLabel('With masks').fill('8');
  await tab.getByLabel('Without masks').fill('4');
  await tab.getByLabel('Size, pixels').fill('64');
  await tab.getByLabel('Epochs', { exact: true }).fill('10');
  await tab.getByLabel('Slices per round').fill('2');
  await tab.getByRole('button', { name: 'Start training' }).click();
  await tab.locator('.rounds li').first().waitFor();
  await tab.getByRole('button', { name: 'Pause' }).click();
  await tab.getByRole('heading', { name: 'Paused' }).waitFor();
  await shoot('train');
  await tab.getByRole('button', { name: 'Stop and discard' }).click();
  await shoot('train-discard');
  await tab.getByRole('button', { name: 'Keep it' }).click();
  await tab.getByRole('button', { name: 'Resume' }).click();
  await tab.getByRole('button', { name: 'Pause' }).waitFor();
  const other = await context.newPage();
  await other.goto(`${server.url}#/train`);
  await other.getByRole('heading', { name: 'Runs in another tab' }).waitFor();
  await shoot('train-elsewhere', other);
  await other.close();
  await go('Compare');
  await tab.getByRole('button', { name: 'Run', exact: true }).click();
  await tab.getByRole('button', { name: 'Save as JSON' }).waitFor();
  await shoot('compare');
  await tab.addInitScript(() => {
    globalThis.Worker = class extends Worker {
      constructor(url, options) {
        const text = `delete WorkerNavigator.prototype.gpu; import(${JSON.stringify(String(url))});`;
        const start = `const asked = []; onmessage = (event) => asked.push(event.data); ${text.slice(0, -1)}.then(() => {
          onmessage = null; for (const data of asked) dispatchEvent(new MessageEvent('message', { data })); });`;
        super(URL.createObjectURL(new Blob([start], { type: 'text/javascript' })), options);
      }
    };
  });
  await tab.goto(`${server.url}?without`);
  await tab.getByText('This browser cannot compute here yet').waitFor();
  await shoot('no-webgpu');
} finally {
  await browser.close();
  server.close();
  rmSync(own, { recursive: true });
}
