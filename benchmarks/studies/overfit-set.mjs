/**
 * Picks the slices that a net can learn by heart best, says how well at most, and writes them as a data set at the
 * net's size.
 *
 *   node benchmarks/studies/overfit-set.mjs SET --out FOLDER [--size 96] [--stride 4] [--count 8] [--area 0.12]
 *     [--every 1]
 *
 * Inf-Net's prediction is a small map of logits (stride 8 behind Res2Net, 4 behind VGG-16) enlarged bilinearly.
 * Whatever its weights, the net can't show more than such a map can. So the logits themselves are optimised for each
 * mask (Adam on Dice and cross entropy): the Dice they reach bounds what training can. The slices with the highest
 * bound are resized (image: Pillow's bilinear; mask: the same, cut at 128) and written to FOLDER/Imgs and FOLDER/GT.
 * --area leaves out small lesions (share of the slice), --every takes every n-th slice only.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { encodePng, openDataset, resizePillow, toGrey8 } from '@infnet/data';
import { folderSource } from '@infnet/node';
import { mean as meanOf, readArguments } from './tools.mjs';

const defaults = { out: undefined, size: '96', stride: '4', count: '8', area: '0.12', every: '1' };
const { values, positionals } = readArguments(
  import.meta.url,
  defaults,
  ({ out, size, stride }, [set]) => set !== undefined && out !== undefined && size % stride === 0,
);
const [set] = positionals;
const [size, stride, count, every] = [values.size, values.stride, values.count, values.every].map(Number);
const STEPS = 250;

/** For every pixel of a row: the two logits it lies between and the weight of the second (align_corners false). */
function between(pixels, logits) {
  return Array.from({ length: pixels }, (_, i) => {
    const at = Math.max(0, ((i + 0.5) * logits) / pixels - 0.5);
    const low = Math.min(logits - 1, Math.floor(at));
    return [low, Math.min(logits - 1, low + 1), at - low];
  });
}

/** Calls `visit(pixel, logit, weight)` for the four logits of every pixel: enlarging and its adjoint in one. */
function forEachWeight(rows, logits, visit) {
  rows.forEach(([top, bottom, v], y) => {
    rows.forEach(([left, right, h], x) => {
      const pixel = y * rows.length + x;
      visit(pixel, top * logits + left, (1 - v) * (1 - h));
      visit(pixel, top * logits + right, (1 - v) * h);
      visit(pixel, bottom * logits + left, v * (1 - h));
      visit(pixel, bottom * logits + right, v * h);
    });
  });
}

/** Dice at 0.5 of the best map of logits for a mask of 0 and 1, both `pixels` wide. */
function bound(mask, pixels, logits) {
  const rows = between(pixels, logits);
  const z = new Float64Array(logits * logits);
  const mean = new Float64Array(z.length);
  const square = new Float64Array(z.length);
  const enlarged = () => {
    const out = new Float64Array(mask.length);
    forEachWeight(rows, logits, (pixel, logit, weight) => (out[pixel] += weight * z[logit]));
    return out.map((value) => 1 / (1 + Math.exp(-value)));
  };
  for (let step = 1; step <= STEPS; step++) {
    const p = enlarged();
    let both = 0;
    let sum = 1;
    for (let i = 0; i < p.length; i++) {
      both += p[i] * mask[i];
      sum += p[i] + mask[i];
    }
    const gradient = new Float64Array(z.length);
    const perPixel = p.map((value, i) => {
      const dice = -(2 * mask[i] * sum - (2 * both + 1)) / (sum * sum);
      return ((dice * mask.length) / 20) * value * (1 - value) + 0.02 * (value - mask[i]);
    });
    forEachWeight(rows, logits, (pixel, logit, weight) => (gradient[logit] += weight * perPixel[pixel]));
    for (let i = 0; i < z.length; i++) {
      mean[i] = 0.9 * mean[i] + 0.1 * gradient[i];
      square[i] = 0.999 * square[i] + 0.001 * gradient[i] ** 2;
      z[i] -= (0.1 * (mean[i] / (1 - 0.9 ** step))) / (Math.sqrt(square[i] / (1 - 0.999 ** step)) + 1e-8);
    }
  }
  let both = 0;
  let sum = 0;
  enlarged().forEach((value, i) => {
    const on = value >= 0.5 ? 1 : 0;
    both += on * mask[i];
    sum += on + mask[i];
  });
  return (2 * both) / sum;
}

const dataset = await openDataset(folderSource(resolve(set)), { masks: 'threshold', onProblem: 'skip' });
const found = [];
for (let i = 0; i < dataset.length; i += every) {
  const { image, mask } = await dataset.slice(i);
  const area = mask.data.reduce((sum, value) => sum + (value > 128 ? 1 : 0), 0) / mask.data.length;
  if (area < Number(values.area)) continue;
  const binary = { ...mask, data: Uint8Array.from(mask.data, (value) => (value > 128 ? 255 : 0)) };
  const small = resizePillow(binary, size, size).data.map((value) => (value >= 128 ? 1 : 0));
  found.push({ index: i, name: dataset.names[i], area, image, small, dice: bound(small, size, size / stride) });
  process.stderr.write(`\r${i + 1}/${dataset.length} slices, ${found.length} large enough`);
}
process.stderr.write('\n');
found.sort((a, b) => b.dice - a.dice);
const chosen = found.slice(0, count);
for (const folder of ['Imgs', 'GT']) mkdirSync(join(values.out, folder), { recursive: true });
for (const { index, name, area, image, small, dice } of chosen) {
  writeFileSync(join(values.out, 'Imgs', `${name}.png`), encodePng(resizePillow(toGrey8(image), size, size)));
  writeFileSync(
    join(values.out, 'GT', `${name}.png`),
    encodePng({ width: size, height: size, channels: 1, data: small.map((on) => 255 * on) }),
  );
  console.log(`${name} (position ${index}): bound ${dice.toFixed(4)}, ${(100 * area).toFixed(1)} % of the slice`);
}
console.log(
  `bound of the mean Dice of these ${chosen.length} with ${size / stride} x ${size / stride} logits: ${meanOf(chosen.map(({ dice }) => dice)).toFixed(4)}`,
);
