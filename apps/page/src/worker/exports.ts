/** Results as files, the same bytes as `infnet segment` writes, each with where it comes from. */
import {
  commonProvenance,
  encodePng,
  NiftiEncoder,
  niftiProvenance,
  overlay,
  probabilityMap,
  probabilityToU8,
  type RgbImage,
  StoredSlices,
  stampPng,
  writeNpy,
} from '@infnet/data';
import { InfnetError } from '@infnet/errors';
import type { Item, Logits } from './items.js';
import type { ExportKind } from './segment-protocol.js';

export interface ExportedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** @throws InfnetError `RESULT_MISSING` where something was not segmented yet */
export function exportResult(item: Item, slice: number, what: ExportKind, threshold: number): ExportedFile {
  if (what === 'mask.nii.gz' || what === 'prob.nii.gz') return exportVolume(item, what, threshold);
  const logits = logitsOf(item, slice);
  const { size, view, made } = logits;
  const name = `${item.stem}${item.volume === undefined ? '' : `-${String(slice).padStart(4, '0')}`}.${what}`;
  if (what === 'logits.npy') return { name, bytes: writeNpy(logits.map, [1, 1, size, size]) };
  const picture = item.slice(slice, view) as RgbImage;
  const { width, height } = picture;
  const probability = probabilityMap(logits.map, picture, { size });
  const cut = { ...made, threshold };
  if (what === 'overlay.png') {
    return { name, bytes: stampPng(encodePng(overlay(picture, probability, { threshold })), cut) };
  }
  const data =
    what === 'prob.png'
      ? probabilityToU8(probability.data)
      : Uint8Array.from(probability.data, (p) => (p >= threshold ? 255 : 0));
  return { name, bytes: stampPng(encodePng({ width, height, data }), what === 'prob.png' ? made : cut) };
}

function exportVolume(item: Item, what: 'mask.nii.gz' | 'prob.nii.gz', threshold: number): ExportedFile {
  const { volume } = item;
  if (volume === undefined) throw missing(item, 'It is no volume.');
  const isMask = what === 'mask.nii.gz';
  const made = commonProvenance(Array.from({ length: item.depth }, (_, k) => logitsOf(item, k).made));
  const provenance = niftiProvenance(isMask ? { ...made, threshold } : made);
  const encoder = new NiftiEncoder(volume, isMask ? 'uint8' : 'float32', provenance);
  const order = new StoredSlices(volume, logitsOf(item, 0).view.orient);
  for (let k = 0; k < item.depth; k++) {
    const { map, size, view } = logitsOf(item, k);
    const shown = item.slice(k, view);
    for (const stored of order.add(probabilityMap(map, shown, { size }))) {
      encoder.push(isMask ? Uint8Array.from(stored, (p) => (p >= threshold ? 1 : 0)) : stored);
    }
  }
  return { name: `${item.stem}.${what}`, bytes: encoder.finish() };
}

export function logitsOf(item: Item, slice: number): Logits {
  const logits = item.results.get(slice);
  if (logits !== undefined) return logits;
  throw missing(item, `Slice ${slice + 1} of ${item.depth} was not segmented yet.`);
}

function missing(item: Item, message: string): InfnetError {
  return new InfnetError({ code: 'RESULT_MISSING', message, where: item.name, fix: 'Segment it first, to its end.' });
}
