/** Inspect and Compare. */
import { describe, expect, it } from 'vitest';
import { type BuiltPage, button, downloaded, fillNumber } from '../support.js';

export function inspectAndCompareTests(built: () => BuiltPage): void {
  describe('Inspect and Compare', () => {
    it('traces, measures, shows the text of a kernel, and tells what the machine is', async () => {
      const { page, context, problems } = await built().visit('inspect');
      await fillNumber(page, 'Size', 32);
      await button(page, 'Trace').click();
      await page.getByText('Dispatches per run').waitFor();
      await button(page, 'Measure').click();
      await page.getByText('Time of a run').waitFor();
      await page.locator('td .link').first().click();
      expect(await page.locator('table pre').textContent()).toContain('@compute');
      await page.locator('.tree summary', { hasText: 'resnet' }).click();
      await page.locator('.tree summary', { hasText: 'layer1' }).waitFor();
      // Per kernel: tile, calls, FLOP, time, FLOP/s.
      const first = page.locator('tr.chosen td');
      expect(await first.nth(1).textContent()).toMatch(/^\d+( × \d+)*$/);
      expect(await first.nth(4).textContent()).toMatch(/\d (ms|s)$/);
      expect(await first.nth(5).textContent()).toMatch(/^[\d.]+ [kMG]$/);
      await context.grantPermissions(['clipboard-read', 'clipboard-write']);
      await button(page, 'Copy diagnostics').click();
      expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(/maxBufferSize: \d+/);
      expect(await page.getByTestId('diagnostics').textContent()).toMatch(/maxBufferSize: \d+/);
      expect(problems).toEqual([]);
      await context.close();
    });

    it('measures our convolutions, and says which libraries this build lacks', async () => {
      const { page, context, problems } = await built().visit('compare');
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
}
