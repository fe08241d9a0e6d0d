/** What holds in every place: no WebGPU, accessible, offline. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type BuiltPage, button } from '../support.js';

export function frameTests(built: () => BuiltPage): void {
  describe('the page', () => {
    it('says what to do without WebGPU, and where no adapter is given', async () => {
      const lacks = async (code: string) => {
        const visit = await built().visit('segment', { inWorkers: code });
        await visit.page.getByText('This browser cannot compute here yet').waitFor();
        return visit;
      };
      const none = await lacks('delete WorkerNavigator.prototype.gpu');
      await none.page.getByText('DEVICE_NO_WEBGPU').waitFor();
      await none.page.getByText('gives WebGPU to pages but not to their workers').waitFor();
      await none.context.close();
      const refused = await lacks('GPU.prototype.requestAdapter = async () => null');
      await refused.page.getByText('DEVICE_NO_ADAPTER').waitFor();
      await refused.page.getByText('Enable hardware acceleration').waitFor();
      await refused.context.close();
    });

    it('is accessible in every place, light and dark, and works offline', async () => {
      const { page, context } = await built().visit();
      const axe = readFileSync(join(import.meta.dirname, '../../../../node_modules/axe-core/axe.min.js'), 'utf8');
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
}
interface Axe {
  readonly axe: { run(): Promise<{ violations: readonly { id: string; nodes: readonly { html: string }[] }[] }> };
}
