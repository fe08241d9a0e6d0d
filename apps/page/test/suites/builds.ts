/** One build after the other under the same address: open tabs, and what is kept of them. */
import { copyFileSync, cpSync, existsSync, readdirSync, rmSync } from 'node:fs';
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
      // A host in the midst of an upload: the page of the old build, or a file missing. Then nothing is taken over.
      const half = join(built().folder, 'half');
      cpSync(next, half, { recursive: true });
      const missing = join(
        half,
        'assets',
        readdirSync(join(half, 'assets')).find((name) => /\.js$/.test(name)) as string,
      );
      const uploads = [
        () => copyFileSync(join(out, 'index.html'), join(half, 'index.html')),
        () => {
          copyFileSync(join(next, 'index.html'), join(half, 'index.html'));
          rmSync(missing);
        },
      ];
      try {
        built().out = half;
        for (const upload of uploads) {
          upload();
          expect(await first.evaluate(failedUpdate)).toBe('redundant');
          expect(await caches(first)).toEqual([expect.stringContaining(`-build-${before}`)]);
          expect(await first.getByText('A newer version of this page is here').count()).toBe(0);
        }
        built().out = next;
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

/** Looks for another build; gives what becomes of its service worker. */
async function failedUpdate(): Promise<string> {
  const registration = await navigator.serviceWorker.ready;
  const found = new Promise<ServiceWorker>((resolve) => {
    registration.addEventListener('updatefound', () => resolve(registration.installing as ServiceWorker), {
      once: true,
    });
  });
  // An installation that fails may be told here too.
  await registration.update().catch(() => {});
  const worker = await found;
  return new Promise((resolve) => {
    const look = (): void => {
      if (worker.state === 'redundant' || worker.state === 'activated') resolve(worker.state);
    };
    worker.addEventListener('statechange', look);
    look();
  });
}
