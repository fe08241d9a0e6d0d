/** Results as files, the same bytes as `infnet segment` writes, each with where it comes from. */

import { InfnetError } from '@infnet/core';
import {
  commonProvenance,
  encodePng,
  isVolumeName,
  NiftiEncoder,
  niftiProvenance,
  type RgbImage,
  StoredSlices,
  stampPng,
  writeNpy,
} from '@infnet/data';
import type { TaskMap } from '@infnet/segmentation';
import { type Answer, type Item, missing } from './items.js';

export interface ExportedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** @param what see {@link ExportKind} @throws InfnetError `RESULT_MISSING` where something was not segmented yet */
export function exportResult(item: Item, slice: number, what: string, threshold: number): ExportedFile {
  if (isVolumeName(what)) return exportVolume(item, what, threshold);
  const answer = item.answer(slice);
  const { by, size, logits, view, made } = answer;
  const name = `${item.stem}${item.volume === undefined ? '' : `-${String(slice).padStart(4, '0')}`}.${what}`;
  if (what === 'logits.npy') return { name, bytes: writeNpy(logits, [1, logits.length / size ** 2, size, size]) };
  const found = item.interpret(slice, answer, threshold);
  const isCut = by.task.classes.length === 2;
  if (what === 'overlay.png') {
    const drawn = by.task.draw(item.slice(slice, view) as RgbImage, found, { threshold });
    return { name, bytes: stampPng(encodePng(drawn), isCut ? { ...made, threshold } : made) };
  }
  const map = mapOf(answer, what);
  const bytes = map.png(found, { stretch: false, format: '' });
  return { name, bytes: stampPng(bytes, map.isCut ? { ...made, threshold } : made) };
}

/** The task's map that a file is of: `mask` of `mask.png`. */
function mapOf({ by: { task } }: Answer, what: string): TaskMap {
  const map = task.maps.find(({ name }) => name === what.split('.', 1)[0]);
  if (map !== undefined) return map;
  const names = task.maps.map(({ name }) => name).join(', ');
  throw new InfnetError({ code: 'RESULT_UNKNOWN', message: `There is no ${what} of ${task.name}: it has ${names}.` });
}

function exportVolume(item: Item, what: string, threshold: number): ExportedFile {
  const { volume } = item;
  if (volume === undefined) throw missing(item, 'It is no volume.');
  const answers = Array.from({ length: item.depth }, (_, k) => item.answer(k));
  const [first] = answers;
  if (first === undefined) throw missing(item, 'It has no slices.');
  const map = mapOf(first, what);
  const { voxel } = map;
  const made = commonProvenance(answers.map((answer) => answer.made));
  const encoder = new NiftiEncoder(
    volume,
    voxel === undefined ? 'float32' : 'uint8',
    niftiProvenance(map.isCut ? { ...made, threshold } : made),
  );
  const order = new StoredSlices(volume, first.view.orient);
  for (const [k, answer] of answers.entries()) {
    for (const stored of order.add(map.values(item.interpret(k, answer, threshold)))) {
      encoder.push(voxel === undefined ? stored : Uint8Array.from(stored, (value) => voxel(value, threshold)));
    }
  }
  return { name: `${item.stem}.${what}`, bytes: encoder.finish() };
}
