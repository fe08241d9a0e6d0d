/** Segment: slices and volumes through the net, one slice at a time. */
import { isInfnetError } from '@infnet/core';
import {
  type FloatMap,
  type Provenance,
  predictionInput,
  probabilityMap,
  sliceLayout,
  windowRange,
} from '@infnet/data';
import { InfnetError } from '@infnet/errors';
import type { Prediction } from '@infnet/inf-net';
import { VERSION } from '../app/version.js';
import { exportResult } from './exports.js';
import type { Gpu } from './gpu.js';
import { type Handlers, transferring } from './handlers.js';
import { type Item, readItem } from './items.js';
import { Network } from './network.js';
import { type SegmentMethods, THRESHOLD_STEPS, type VolumeView } from './segment-protocol.js';
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
      const mine = loading.then(() => readWeights(name, bytes));
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
      const { weights } = network;
      const planned = async (): Promise<{ readonly prediction: Prediction; readonly made: Provenance }> => {
        const prediction = await network.prediction(weights, size, (progress) => tell({ progress }));
        const { adapter } = await gpu.context();
        const by = { precision: prediction.plan.precision, adapter: adapter.message.replace(/^infnet: /, '') };
        return { prediction, made: madeWith(weights as LoadedWeights, item, size, view, by) };
      };
      let { prediction, made } = await planned();
      for (let slice = 0; slice < item.depth; slice++) {
        if (signal.aborted) throw new InfnetError({ code: 'STOPPED', message: 'Stopped.' });
        const started = performance.now();
        const shown = item.slice(slice, view);
        const input = predictionInput(shown, size);
        const maps = await prediction.maps([input], signal).catch(async (error: unknown) => {
          if (!isInfnetError(error, 'CONTEXT_LOST')) throw error;
          // The device is gone, the weights and slices are not: once more on another one.
          ({ prediction, made } = await planned());
          return prediction.maps([input], signal);
        });
        const map = maps.lateralMap2[0] as Float32Array;
        requireFinite(map, item, slice);
        const { data } = probabilityMap(map, shown, { size });
        item.results.set(slice, { size, map, edge: maps.lateralEdge?.[0] as Float32Array, view, made });
        const counts = countAbove(data);
        const seconds = (performance.now() - started) / 1000;
        const time = new Date().toISOString();
        tell({ result: { slice, counts, pixels: data.length, seconds, made: { ...made, time } } });
        if (item.depth > 1) tell({ progress: { what: `Segmenting ${item.name}`, done: slice + 1, total: item.depth } });
      }
      return { seconds: (performance.now() - begun) / 1000 };
    },
    maps({ id, slice, orient }) {
      const item = itemOf(id);
      const logits = item.results.get(slice);
      if (logits === undefined) return undefined;
      const { size, map, edge, view } = logits;
      const shown = item.slice(slice, view);
      // A volume that is looked at otherwise than it was segmented: its maps lie where its tissue lies, or are not
      // shown.
      const lying = (logits: Float32Array): FloatMap | undefined => {
        const map = probabilityMap(logits, shown, { size });
        if (item.volume === undefined || view.orient === orient) return map;
        return turned(map, sliceLayout(item.volume, view.orient), sliceLayout(item.volume, orient));
      };
      const [inside, border] = [lying(map), lying(edge)];
      if (inside === undefined || border === undefined) return undefined;
      const { width, height } = inside;
      const probability = new Float32Array(inside.data);
      const bytes = Uint8Array.from(border.data, (p) => Math.round(255 * p));
      return transferring({ width, height, probability, edge: bytes }, [probability.buffer, bytes.buffer]);
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
  const { name, sha256, trainedOn, backbone, width, channels } = report;
  return {
    version: VERSION,
    weights: name.split('/').at(-1) ?? name,
    weightsSha256: sha256,
    ...(trainedOn === undefined ? {} : { trainedOn }),
    net: `${backbone}, width ${width}, ${channels} channels`,
    size,
    ...(volume === undefined ? {} : { window: windowRange(volume, window), orient }),
    ...by,
  };
}

/** @throws InfnetError `RESULT_NOT_FINITE`: nothing is made of numbers that are none */
function requireFinite(map: Float32Array, { name, depth }: Item, slice: number): void {
  if (map.every(Number.isFinite)) return;
  throw new InfnetError({
    code: 'RESULT_NOT_FINITE',
    message: `The net gave values that are not finite${depth > 1 ? ` for slice ${slice + 1} of ${depth}` : ''}, so there is no result.`,
    where: name,
    fix: 'Check the weights: values in them that are not finite or far too large give this.',
  });
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
