/** One build after the other under the same address: open tabs, and what is kept of them. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright';
import { describe, expect, it } from 'vitest';
import { type BuiltPage, buildPage, button, PATIENT } from '../support.js';

export function buildTests(built: () => BuiltPage): void {
  describe('Another build', () => {
    it('takes over on a reload; open tabs go on with their own files, also offline, and nothing of it is left then', async () => {
      const { page: first, context, problems } = await built().visit();
      const versionOf = (page: Page) => page.locator('meta[name="build"]').getAttribute('content');
      const caches = (page: Page) => page.evaluate(() => globalThis.caches.keys());
      const isControlled = (page: Page) =>
        expect
          .poll(() => page.evaluate(() => navigator.serviceWorker.controller !== null), { timeout: PATIENT })
          .toBe(true);
      await isControlled(first);
      const before = (await versionOf(first)) as string;
      expect(await caches(first)).toEqual([expect.stringContaining(`-build-${before}`)]);
      const second = await context.newPage();
      await second.goto(`${built().url}?test#/inspect`);

      const { out } = built();
      // But for Compare's other libraries, which are fetched when they are asked for.
      const names = readdirSync(join(out, 'assets')).filter((name) => !/^(ort|tfjs)-/.test(name));
      const files = names.map((name) => `assets/${name}`);
      const next = join(built().folder, 'next');
      // Without the tests' own task, so that it is another one.
      await buildPage(next, { tasks: '' });
      built().out = next;
      try {
        await first.evaluate(async () => {
          const { serviceWorker } = navigator;
          const changed = new Promise((resolve) => serviceWorker.addEventListener('controllerchange', resolve));
          await (await serviceWorker.ready).update();
          await changed;
        });
        await first.getByText('A newer version of this page is here').waitFor();
        expect(await versionOf(first)).toBe(before);
        // Its files are on the host no more: what it had not loaded yet comes from what is kept.
        expect(files.some((file) => !existsSync(join(next, file)))).toBe(true);
        const isThere = async (page: Page) => {
          const found = await page.evaluate(
            (all) => Promise.all(all.map(async (file) => (await fetch(file)).ok)),
            files,
          );
          expect(files.filter((_, i) => found[i] !== true)).toEqual([]);
        };
        await isThere(first);
        await first.getByRole('link', { name: 'Train', exact: true }).click();
        await button(first, 'Start training').waitFor();
        expect(await first.getByRole('combobox', { name: 'Task' }).count(), 'the worker of its build').toBe(1);
        expect((await caches(first)).length).toBe(2);

        await first.reload();
        await first.getByRole('heading', { name: 'Train', exact: true }).first().waitFor();
        const after = (await versionOf(first)) as string;
        expect(after).not.toBe(before);
        // The other tab still is of the old one.
        expect((await caches(first)).length).toBe(2);
        expect(await versionOf(second)).toBe(before);
        await isThere(second);
        await second.reload();
        expect(await versionOf(second)).toBe(after);
        await expect
          .poll(() => caches(second), { timeout: PATIENT })
          .toEqual([expect.stringContaining(`-build-${after}`)]);
        await context.setOffline(true);
        await second.reload();
        await second.getByRole('heading', { name: 'Inspect', exact: true }).first().waitFor();
        expect(problems).toEqual([]);
      } finally {
        built().out = out;
        await context.close();
      }
    });
  });
}
