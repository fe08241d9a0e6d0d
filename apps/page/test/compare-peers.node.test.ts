/**
 * Compare with the other libraries in the page: where they are installed, each gives its figures, and one that fails
 * says why.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { CompareRow } from '../src/worker/compare-protocol.js';
import { BuiltPage, button, downloaded } from './support.js';

const folder = join(import.meta.dirname, '../../../benchmarks/peers/node_modules');
const areInstalled = ['@tensorflow/tfjs-backend-webgpu', 'onnxruntime-web'].every((name) =>
  existsSync(join(folder, name)),
);

function itWithPeers(name: string, body: () => Promise<void>): void {
  if (areInstalled) it(name, body);
  else
    it.skip(`${name} (skipped: tfjs and onnxruntime-web are not installed; npm ci --prefix benchmarks/peers)`, () => {});
}

let built: BuiltPage;
beforeAll(async () => {
  if (areInstalled) built = await BuiltPage.open({ withPeers: true });
});
afterAll(() => built?.close());

async function compared(page: Page): Promise<(library: CompareRow['library']) => CompareRow[]> {
  await button(page, 'Run').click();
  const saved = await downloaded(page, () => button(page, 'Save as JSON').click());
  const { rows } = JSON.parse(new TextDecoder().decode(saved)) as { readonly rows: readonly CompareRow[] };
  return (name) => rows.filter(({ library }) => library === name);
}

itWithPeers('all three compute the same convolutions, and have times', async () => {
  const { page, context } = await built.visit('compare');
  const rowsOf = await compared(page);
  for (const library of ['infnet', 'tfjs', 'onnxruntime-web'] as const) {
    const rows = rowsOf(library);
    expect(rows, library).toHaveLength(5);
    for (const { milliseconds, difference, cannot } of rows) {
      expect(cannot, library).toBeUndefined();
      expect(milliseconds?.[0], library).toBeGreaterThan(0);
      expect(difference, library).toBeLessThan(1e-4);
    }
  }
  expect(await page.locator('tbody tr:has(.bar)').count()).toBe(15);
  expect(await page.getByText('cannot:').count()).toBe(0);
  await context.close();
});

itWithPeers(
  'a library that does not come or does not start says so in its rows, and ours have their times',
  async () => {
    const { page, context } = await built.visit('compare', {
      async before(fresh) {
        await fresh.route(/\/assets\/tfjs-/, (route) => route.abort());
        await fresh.route(/\.wasm$/, (route) => route.fulfill({ status: 404, body: 'none' }));
      },
    });
    const rowsOf = await compared(page);
    for (const { milliseconds } of rowsOf('infnet')) expect(milliseconds?.[0]).toBeGreaterThan(0);
    for (const library of ['tfjs', 'onnxruntime-web'] as const) {
      for (const { milliseconds, cannot } of rowsOf(library)) {
        expect(milliseconds).toBeUndefined();
        expect(cannot?.length, library).toBeGreaterThan(10);
      }
    }
    expect(await page.getByText('cannot:').count()).toBe(10);
    await context.close();
  },
);
