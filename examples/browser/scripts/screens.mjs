/**
 * Pictures of every place at three widths, light and dark, to be looked at: `node examples/browser/scripts/screens.mjs [weights]`.
 *
 * Uses the page in `dist/page` (build it first: `npx vite build examples/browser`) and writes to `out/page-screens`, which git ignores.
 * Weights: those given, else `public/weights/phantom.safetensors`, else none.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright';
import { chromiumFlags, ensureChromium } from '../../../scripts/chromium.mjs';

const here = fileURLToPath(new URL('..', import.meta.url));
const out = join(here, '../../out/page-screens');
const page = process.env['INFNET_PAGE'] ?? join(here, 'dist/page');
const [weights] = process.argv.slice(2);
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const SIZES = [
  [360, 740],
  [1280, 860],
  [3840, 2160],
];

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  readFile(join(page, pathname === '/' ? 'index.html' : pathname)).then(
    (bytes) =>
      response
        .writeHead(200, { 'content-type': TYPES[extname(pathname) || '.html'] ?? 'application/octet-stream' })
        .end(bytes),
    () => response.writeHead(404).end(),
  );
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
mkdirSync(out, { recursive: true });
const browser = await chromium.launch({ ...(await ensureChromium()), args: chromiumFlags });
try {
  const tab = await browser.newPage({ serviceWorkers: 'block' });
  tab.setDefaultTimeout(240_000);
  const shoot = async (name) => {
    for (const colorScheme of ['light', 'dark']) {
      await tab.emulateMedia({ colorScheme });
      for (const [width, height] of SIZES) {
        await tab.setViewportSize({ width, height });
        await tab.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 150))));
        await tab.screenshot({ path: join(out, `${name}-${width}-${colorScheme}.png`), fullPage: width < 3840 });
      }
    }
    console.log(`${name}: ${SIZES.length * 2} pictures in ${out}`);
  };
  const go = (name) => tab.getByRole('link', { name, exact: true }).click();
  await tab.setViewportSize({ width: 1280, height: 860 });
  await tab.goto(`http://127.0.0.1:${server.address().port}/`);
  await tab.getByRole('heading', { name: 'Weights' }).waitFor();
  await shoot('welcome');
  if (weights !== undefined) await tab.getByLabel('Drop weights: files').setInputFiles(weights);
  if (weights !== undefined || existsSync(join(page, 'weights/phantom.safetensors'))) {
    await tab.getByText('Try phantoms').click();
    await tab.getByRole('button', { name: 'Segment', exact: true }).click();
    await tab.locator('.items li:last-child:has-text("%")').waitFor();
    await tab.locator('.items li:nth-child(4) .item').click();
    await shoot('segment');
  }
  await go('Inspect');
  await tab.getByRole('button', { name: 'Trace', exact: true }).click();
  await tab.getByRole('button', { name: 'Measure', exact: true }).click();
  await tab.getByText('Time of a run').waitFor();
  await tab.locator('td .link').first().click();
  await tab.locator('table pre').waitFor();
  await shoot('inspect');
  await go('Train');
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
  await go('Compare');
  await tab.getByRole('button', { name: 'Run', exact: true }).click();
  await tab.getByRole('button', { name: 'Save as JSON' }).waitFor();
  await shoot('compare');
} finally {
  await browser.close();
  server.close();
}
