/** Segment: slices and volumes through the net, one slice at a time. */

import { InfnetError } from '@infnet/core';
import { type FloatMap, type Provenance, probabilityMap, sliceLayout, windowRange } from '@infnet/data';
import type { Interpretation } from '@infnet/segmentation';
import { VERSION } from '../app/version.js';
import { tasks } from '../tasks.js';
import { exportResult } from './exports.js';
import type { Gpu } from './gpu.js';
import { type Handlers, transferring } from './handlers.js';
import { type Answer, type Item, readItem } from './items.js';
import { Network } from './network.js';
import { type SegmentMethods, type SliceMaps, THRESHOLD_STEPS, type VolumeView } from './segment-protocol.js';
import { turned } from './turn.js';
import { type LoadedWeights, readWeights } from './weights.js';

export function segmentHandlers(gpu: Gpu): { readonly handlers: Handlers<SegmentMethods>; readonly network: Network } {
  const network = new Network(gpu);
  const items = new Map<number, Item>();
  let lastId = 0;
  let loading: Promise<unknown> = Promise.resolve();
  const itemOf = (id: number): Item => {
    const item = items.get(id);
    if (item !== undefined) return item;
    const message = 'This slice is not in memory any more.';
    throw new InfnetError({ code: 'ITEM_UNKNOWN', message, fix: 'Drop the file again.' });
  };
  const handlers: Handlers<SegmentMethods> = {
    async loadWeights({ name, bytes }) {
      // One after the other: of two files the one that was chosen last counts, whichever is read first.
      const mine = loading.then(() => readWeights(name, bytes, tasks));
      loading = mine.catch(() => {});
      const weights = await mine;
      network.use(weights);
      return weights.report;
    },
    async addItem({ source }) {
      const item = await readItem(source);
      items.set(++lastId, item);
      return item.report(lastId);
    },
    removeItem({ id }) {
      items.delete(id);
      return undefined;
    },
    slice({ id, slice, view }) {
      const { width, height, data } = itemOf(id).grey(slice, view);
      const own = new Uint8Array(data);
      return transferring({ width, height, data: own }, [own.buffer]);
    },
    async segment({ id, size, view }, { tell, signal }) {
      const item = itemOf(id);
      const begun = performance.now();
      item.results.clear();
      // Others may be loaded meanwhile: a volume is segmented with one file of weights to its end.
      const by = network.weights;
      const predictor = network.predictor(by);
      for (let slice = 0; by !== undefined && slice < item.depth; slice++) {
        if (signal.aborted) throw new InfnetError({ code: 'STOPPED', message: 'Stopped.' });
        const one = { item: by.net.inputShapes(size), batch: 1 };
        const { precision } = await predictor.prepare(one, {
          onProgress: ({ done, total }) => tell({ progress: { what: 'Compiling GPU programs', done, total } }),
        });
        const { adapter } = await gpu.context();
        const made = madeWith(by, item, size, view, { precision, adapter: adapter.message.replace(/^infnet: /, '') });
        const started = performance.now();
        const shown = item.slice(slice, view);
        const [outputs] = await predictor.run(one, [by.net.input({ image: shown }, size)], { signal });
        const { logits = new Float32Array(), edge } = outputs ?? {};
        const answer: Answer = { by, size, logits, edge, view, made };
        const found = item.interpret(slice, answer);
        item.results.set(slice, answer);
        const seconds = (performance.now() - started) / 1000;
        const time = new Date().toISOString();
        const { counts, pixels } = counted(found, by.task.classes.length);
        tell({ result: { slice, counts, pixels, seconds, made: { ...made, time } } });
        if (item.depth > 1) tell({ progress: { what: `Segmenting ${item.name}`, done: slice + 1, total: item.depth } });
      }
      return { seconds: (performance.now() - begun) / 1000 };
    },
    maps({ id, slice, orient }) {
      const item = itemOf(id);
      const answer = item.results.get(slice);
      if (answer === undefined) return undefined;
      const { size, edge, view } = answer;
      const shown = item.slice(slice, view);
      // A volume that is looked at otherwise than it was segmented: its maps lie where its tissue lies, or are not
      // shown.
      const lying = (map: FloatMap): FloatMap | undefined => {
        if (item.volume === undefined || view.orient === orient) return map;
        return turned(map, sliceLayout(item.volume, view.orient), sliceLayout(item.volume, orient));
      };
      const { probability, labels } = item.interpret(slice, answer);
      const inside = lying(probability ?? { ...labels, data: Float32Array.from(labels.data) });
      if (inside === undefined) return undefined;
      const { width, height } = inside;
      const border = edge === undefined ? undefined : lying(probabilityMap(edge, shown, { size }));
      const bytes = border && Uint8Array.from(border.data, (p) => Math.round(255 * p));
      const maps: SliceMaps =
        probability === undefined
          ? { width, height, labels: Uint8Array.from(inside.data), edge: bytes }
          : { width, height, probability: new Float32Array(inside.data), edge: bytes };
      const arrays = [maps.probability, maps.labels, maps.edge].flatMap((array) => array?.buffer ?? []);
      return transferring(maps, arrays);
    },
    export({ id, slice, what, threshold }) {
      const { name, bytes } = exportResult(itemOf(id), slice, what, threshold);
      return { name, bytes };
    },
  };
  return { handlers, network };
}

function madeWith(
  { report }: LoadedWeights,
  { volume }: Item,
  size: number,
  { window, orient }: VolumeView,
  by: Pick<Provenance, 'precision' | 'adapter'>,
): Provenance {
  const { name, sha256, trainedOn, net } = report;
  return {
    version: VERSION,
    weights: name.split('/').at(-1) ?? name,
    weightsSha256: sha256,
    ...(trainedOn === undefined ? {} : { trainedOn }),
    net,
    size,
    ...(volume === undefined ? {} : { window: windowRange(volume, window), orient }),
    ...by,
  };
}

/** See {@link SliceResult}. */
function counted(
  { probability, labels }: Interpretation,
  classes: number,
): { readonly counts: Uint32Array; readonly pixels: number } {
  const pixels = labels.data.length;
  if (probability !== undefined) return { counts: countAbove(probability.data), pixels };
  const counts = new Uint32Array(classes);
  for (const label of labels.data) counts[label] = (counts[label] as number) + 1;
  return { counts, pixels };
}

/** `counts[t]`: how many are at least t / 100, by the comparison that makes a mask. */
export function countAbove(probability: Float32Array): Uint32Array {
  const thresholds = Array.from({ length: THRESHOLD_STEPS + 1 }, (_, t) => t / THRESHOLD_STEPS);
  const counts = new Uint32Array(THRESHOLD_STEPS + 1);
  for (const p of probability) {
    let t = Math.min(THRESHOLD_STEPS, Math.max(0, Math.floor(p * THRESHOLD_STEPS)));
    // The product may round across a step.
    while (t < THRESHOLD_STEPS && p >= (thresholds[t + 1] as number)) t++;
    while (t >= 0 && p < (thresholds[t] as number)) t--;
    if (t >= 0) counts[t] = (counts[t] as number) + 1;
  }
  for (let t = THRESHOLD_STEPS - 1; t >= 0; t--) counts[t] = (counts[t] as number) + (counts[t + 1] as number);
  return counts;
}
