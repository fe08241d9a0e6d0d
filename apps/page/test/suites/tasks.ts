/** A task of somebody's own in the page's build: segmented with, trained and saved, as the built-in one. */
import { readSafetensors, writeSafetensors } from '@infnet/checkpoint';
import { open, ParameterStore, Predictor, type Tensor } from '@infnet/core';
import { decodeImage, encodePng, phantomSlice, readNifti, readProvenance, toRgb8 } from '@infnet/data';
import { loadNet } from '@infnet/segmentation';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixture } from '../../../../packages/data/test/fixtures/nifti.js';
import { trainedInNode } from '../node-training.js';
import tissue from '../own-task.js';
import {
  type BuiltPage,
  button,
  DROP_SLICES,
  downloaded,
  dropFiles,
  fillNumber,
  loadWeights,
  namedWeights,
  segment,
  type Visit,
} from '../support.js';

const slice = encodePng(phantomSlice(5, { width: 90, height: 70 }).image);
const inNode = () => open({ adapter: 'swiftshader', onMessage: () => {} });

/** As a training of it writes them. */
function ownWeights(width: number): Uint8Array {
  const spec = tissue.net({ width }).module.stateDictSpec();
  return writeSafetensors(namedWeights(spec), { task: 'tissue', net_options: JSON.stringify({ width }), size: '32' });
}

/** The class of every pixel, by the same functions in Node. */
async function classesInNode(file: Uint8Array, picture: Uint8Array): Promise<Uint8Array> {
  const found = loadNet(tissue, readSafetensors(file), 'own.safetensors');
  if (found === undefined) throw new Error('these are other weights');
  const { net, state } = found;
  const context = await inNode();
  try {
    const parameters = new ParameterStore(context, net.module);
    parameters.load(state);
    const forward = (inputs: Readonly<Record<string, Tensor>>) => ({ logits: net.forward(inputs).logits });
    const image = toRgb8(await decodeImage(picture, 'one.png'));
    const items = [net.input({ image }, 32)];
    const [outputs] = await new Predictor({ forward, parameters }).run({ item: net.inputShapes(32), batch: 1 }, items);
    if (outputs === undefined) throw new Error('there is no answer');
    return net.interpret(outputs.logits, image, { size: 32 }).labels.data;
  } finally {
    context.dispose();
  }
}

export function taskTests(built: () => BuiltPage): void {
  describe('A task of one’s own', () => {
    let visit: Visit;
    beforeAll(async () => {
      visit = await built().visit();
    });
    afterAll(() => visit?.context.close());

    it('its weights are known by their file, and segment slices and volumes into its classes', async () => {
      const { page, problems } = visit;
      const weights = ownWeights(6);
      await loadWeights(page, weights, 'own.safetensors');
      await page.locator('.strong-line', { hasText: 'tissue, width 6' }).waitFor();
      await dropFiles(page, DROP_SLICES, { 'one.png': slice, 'chest.nii.gz': fixture('chest.nii.gz').bytes });
      await page.getByRole('button', { name: /^chest\.nii\.gz/ }).waitFor();
      await segment(page);
      await page.getByRole('button', { name: /^one\.png.*% · .*%/ }).click();
      await page.locator('.big', { hasText: 'of the slice ground-glass' }).waitFor();
      // What a threshold cuts is not there where none does.
      expect(await page.getByRole('slider', { name: 'Threshold' }).count()).toBe(0);
      const save = (name: string) => downloaded(page, () => button(page, name).click());
      const png = await save('Classes');
      const { indices } = await decodeImage(png, 'one.classes.png');
      expect(indices).toEqual(await classesInNode(weights, slice));
      expect(readProvenance(png)).toMatchObject({ net: 'tissue, width 6', weights: 'own.safetensors' });
      expect((await save('Overlay')).length).toBeGreaterThan(500);

      await page.getByRole('button', { name: /^chest\.nii\.gz.*%/ }).click();
      const volume = readNifti(await save('Classes volume'), 'chest.classes.nii.gz');
      const table = new TextDecoder().decode(await save('Table (CSV)')).split('\r\n');
      const [columns = [], all = []] = [table[0], table.find((line) => line.includes(',all,'))].map((line) =>
        line?.split(','),
      );
      for (const [k, key] of ['ground_glass_opacity', 'consolidation'].entries()) {
        const voxels = Array.from<number, number>(volume.data, (value) => Number(value === k + 1));
        expect(Number(all[columns.indexOf(`${key}_pixels`)]), key).toBe(voxels.filter((one) => one === 1).length);
      }
      expect(problems).toEqual([]);
    });

    it('learns from phantoms with the bits of Node, and segments with what it learned', async () => {
      const { page, problems } = visit;
      const phantoms = { kind: 'phantoms', labelled: 4, unlabelled: 0, validation: 4, seed: 1000 } as const;
      const expected = trainedInNode(
        tissue,
        {
          task: 'tissue',
          options: { width: 4 },
          size: 32,
          epochs: 2,
          batch: 2,
          lr: 1e-3,
          seed: 1,
          augment: 'mild',
          masks: 'binary',
          group: 5,
          roundEpochs: 3,
          finetuneEpochs: 5,
        },
        phantoms,
      );
      await page.getByRole('link', { name: 'Train', exact: true }).click();
      await page.getByRole('combobox', { name: 'Task' }).selectOption('tissue');
      expect(await page.getByRole('combobox', { name: 'Backbone' }).count()).toBe(0);
      for (const [label, value] of Object.entries({ Width: 4, 'With masks': 4, 'Size, pixels': 32, Epochs: 2 })) {
        await fillNumber(page, label, value);
      }
      await fillNumber(page, 'Slices per step', 2);
      await button(page, 'Start training').click();
      await page.getByRole('heading', { name: 'Finished' }).waitFor();
      expect(await page.locator('.pictures canvas').count()).toBe(4);
      const bytes = await downloaded(page, () => button(page, 'Save weights').click());
      expect(Buffer.compare(bytes, await expected)).toBe(0);
      await button(page, 'Use in Segment').click();
      await page.getByText('Segment uses the weights').waitFor();
      await page.getByRole('link', { name: 'Segment', exact: true }).click();
      await page.locator('.strong-line', { hasText: 'tissue, width 4' }).waitFor();
      await page.locator('.stale-note').waitFor();
      expect(problems).toEqual([]);
    });
  });
}
