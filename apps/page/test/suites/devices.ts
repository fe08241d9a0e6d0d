/** Devices and browsers that have less: small limits, and nothing but the standard. */
import { encodePng, phantomSlice } from '@infnet/data';
import { describe, expect, it } from 'vitest';
import { fixture } from '../../../../packages/data/test/fixtures/nifti.js';
import {
  type BuiltPage,
  button,
  DROP_SLICES,
  downloaded,
  dropFiles,
  fillNumber,
  loadWeights,
  segment,
  smallPth,
  smallWeights,
} from '../support.js';

const slice = encodePng(phantomSlice(5, { width: 90, height: 70 }).image);

/** As small as no real device: at the net's usual sizes nothing would be over WebGPU's own least limits. */
const SMALL_LIMITS = `
  for (const name of ['maxBufferSize', 'maxStorageBufferBindingSize']) {
    Object.defineProperty(GPUSupportedLimits.prototype, name, { get: () => 2 ** 22 });
  }`;

/** Takes away what not every browser has. Symbol.dispose cannot be deleted, so Symbol is made anew without it. */
const STANDARD_ALONE = `
  for (const name of ['OffscreenCanvas', 'createImageBitmap', 'DecompressionStream', 'CompressionStream', 'showSaveFilePicker',
    'showDirectoryPicker', 'requestIdleCallback', 'scheduler', 'ImageDecoder', 'SharedArrayBuffer', 'FileSystemSyncAccessHandle']) {
    delete globalThis[name];
  }
  const own = Object.getPrototypeOf(navigator);
  for (const name of ['locks', 'clipboard', 'storage', 'serviceWorker', 'userAgentData', 'scheduling']) delete own[name];
  Object.defineProperty(globalThis, 'indexedDB', { get() { throw new DOMException('It is forbidden.', 'SecurityError'); } });
  const All = Symbol;
  const Few = function (text) { return All(text); };
  for (const key of Reflect.ownKeys(All)) {
    if (!['dispose', 'asyncDispose', 'length', 'name', 'prototype'].includes(key)) Few[key] = All[key];
  }
  Few.prototype = All.prototype;
  globalThis.Symbol = Few;
  if ('GPUDevice' in globalThis) {
    delete GPUDevice.prototype.adapterInfo;
    delete GPUAdapterInfo.prototype.isFallbackAdapter;
    delete GPUAdapterInfo.prototype.subgroupMinSize;
    delete GPUAdapterInfo.prototype.subgroupMaxSize;
    GPUSupportedFeatures.prototype.has = () => false;
  }
  if ('DataTransferItem' in globalThis) {
    delete DataTransferItem.prototype.webkitGetAsEntry;
    delete DataTransferItem.prototype.getAsFileSystemHandle;
    delete HTMLInputElement.prototype.webkitdirectory;
  }`;

export function deviceTests(built: () => BuiltPage): void {
  describe('Devices and browsers that have less', () => {
    it('limits that are too small for what was chosen: what to do, and then it works', async () => {
      const { page, context, problems } = await built().visit('segment', { inWorkers: SMALL_LIMITS });
      await loadWeights(page, smallPth(), 'small.pth');
      await page.locator('.strong-line', { hasText: 'small.pth' }).waitFor();
      await dropFiles(page, DROP_SLICES, { 'one.png': slice });
      await page.getByRole('button', { name: /^one\.png/ }).waitFor();
      await fillNumber(page, 'Size the net sees, in pixels', 640);
      await segment(page);
      const told = page.locator('.notice', { hasText: 'MEMORY_LIMIT' });
      await told.getByText('This is too large for this device').waitFor();
      await told.getByText('Choose a smaller size for the net under Weights').waitFor();
      await fillNumber(page, 'Size the net sees, in pixels', 32);
      await segment(page);
      await page.getByRole('button', { name: /^one\.png.*%/ }).waitFor();

      await page.getByRole('link', { name: 'Train', exact: true }).click();
      await page.getByRole('combobox', { name: 'Backbone' }).selectOption('vgg16');
      for (const [label, value] of Object.entries({ 'With masks': 4, 'Size, pixels': 512 }))
        await fillNumber(page, label, value);
      await button(page, 'Start training').click();
      await page.getByText('fewer slices per step, or a smaller width').waitFor();
      await button(page, 'Stop and discard').click();
      await button(page, 'Start training').waitFor();
      expect(problems).toEqual([]);
      await context.close();
    });

    it('a browser with the standard alone segments, trains and saves', async () => {
      const { page, context, problems } = await built().visit('segment', {
        before: (fresh) => fresh.addInitScript(STANDARD_ALONE),
        inWorkers: STANDARD_ALONE,
      });
      await loadWeights(page, smallWeights());
      await page.locator('.strong-line', { hasText: 'small.safetensors' }).waitFor();
      expect(await button(page, 'Choose a folder').count()).toBe(0);
      await dropFiles(page, DROP_SLICES, { 'one.png': slice, 'chest.nii.gz': fixture('chest.nii.gz').bytes });
      await page.getByRole('button', { name: /^one\.png/ }).waitFor();
      await segment(page);
      await page.getByRole('button', { name: /^one\.png.*%/ }).click();
      expect((await downloaded(page, () => button(page, 'Mask').click())).length).toBeGreaterThan(60);

      await page.getByRole('link', { name: 'Train', exact: true }).click();
      await page.getByRole('combobox', { name: 'Task' }).selectOption('tissue');
      const settings = { 'With masks': 2, 'Size, pixels': 32, Epochs: 1, Width: 4, 'Slices per step': 2 };
      for (const [label, value] of Object.entries(settings)) await fillNumber(page, label, value);
      await button(page, 'Start training').click();
      await page.getByText('This browser gives the page no storage').waitFor();
      await page.getByRole('heading', { name: 'Finished' }).waitFor();
      expect((await downloaded(page, () => button(page, 'Save weights').click())).length).toBeGreaterThan(500);

      await page.getByRole('link', { name: 'Inspect', exact: true }).click();
      const copied = await downloaded(page, () => button(page, 'Copy diagnostics').click());
      expect(new TextDecoder().decode(copied)).toContain('maxBufferSize');
      expect(problems).toEqual([]);
      await context.close();
    });
  });
}
