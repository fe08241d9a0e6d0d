/**
 * How long an input would wait while the page trains, in milliseconds:
 * `node apps/page/scripts/input-delay.mjs [seconds]`.
 *
 * Uses the page in `dist/page` (build it first: `npx vite build apps/page`). A timing, and so no test: it prints
 * the median and the largest delay of the main thread's timers in each span of two seconds, with the steps taken in it.
 */
import { chromium } from 'playwright';
import { chromiumFlags, ensureChromium } from '../../../scripts/chromium.mjs';
import { servePage } from './serve.mjs';

const spans = Math.ceil(Number(process.argv[2] ?? 20) / 2);
const server = await servePage();
const browser = await chromium.launch({ ...(await ensureChromium()), args: chromiumFlags });
try {
  const page = await browser.newPage({ serviceWorkers: 'block' });
  page.setDefaultTimeout(0);
  await page.goto(`${server.url}#/train`);
  await page.getByRole('combobox', { name: 'Backbone' }).selectOption('vgg16');
  for (const [label, value] of Object.entries({ 'With masks': 10, 'Size, pixels': 32, Epochs: 900, Width: 0.125 })) {
    await page.getByRole('spinbutton', { name: label, exact: true }).fill(String(value));
  }
  await page.getByRole('button', { name: 'Start training', exact: true }).click();
  await page.waitForFunction(() => Number(document.querySelector('.facts dd')?.textContent) >= 5);
  for (let span = 0; span < spans; span++) {
    const { delays, steps } = await page.evaluate(measure, 2000);
    delays.sort((a, b) => a - b);
    const [median, largest] = [delays[delays.length >> 1], delays.at(-1)].map((delay) => delay.toFixed(1));
    console.log(`median ${median} ms, largest ${largest} ms, ${delays.length} timers, ${steps} steps`);
  }
} finally {
  await browser.close();
  server.close();
}

/** How late timers of the main thread are in that many milliseconds, and how many steps the page told of. */
function measure(milliseconds) {
  const step = () => Number(document.querySelector('.facts dd')?.textContent);
  return new Promise((resolve) => {
    const [delays, begun, before] = [[], performance.now(), step()];
    const tick = (due) => {
      const now = performance.now();
      delays.push(now - due);
      if (now - begun > milliseconds) resolve({ delays, steps: step() - before });
      else setTimeout(tick, 20, now + 20);
    };
    setTimeout(tick, 20, begun + 20);
  });
}
