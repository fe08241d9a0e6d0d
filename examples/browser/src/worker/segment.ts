/** Segment: slices and volumes through the net, one slice at a time. */
import { isInfnetError } from '@infnet/core';
import { predictionInput, probabilityMap } from '@infnet/data';
import { InfnetError } from '@infnet/errors';
import { exportResult } from './exports.js';
import type { Gpu } from './gpu.js';
import { type Handlers, transferring } from './handlers.js';
import { type Item, readItem } from './items.js';
import { Network } from './network.js';
import { type SegmentMethods, THRESHOLD_STEPS } from './segment-protocol.js';
import { readWeights } from './weights.js';

export function segmentHandlers(gpu: Gpu): { readonly handlers: Handlers<SegmentMethods>; readonly network: Network } {
  const network = new Network(gpu);
  const items = new Map<number, Item>();
  let lastId = 0;
  const itemOf = (id: number): Item => {
    const item = items.get(id);
    if (item !== undefined) return item;
    const message = 'This slice is not in memory any more.';
    throw new InfnetError({ code: 'ITEM_UNKNOWN', message, fix: 'Drop the file again.' });
  };
  const handlers: Handlers<SegmentMethods> = {
    loadWeights({ name, bytes }) {
      const weights = readWeights(name, bytes);
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
      const predictionFor = () => network.prediction(size, (progress) => tell({ progress }));
      let prediction = await predictionFor();
      for (let slice = 0; slice < item.depth; slice++) {
        if (signal.aborted) throw new InfnetError({ code: 'STOPPED', message: 'Stopped.' });
        const started = performance.now();
        const shown = item.slice(slice, view);
        const input = predictionInput(shown, size);
        const maps = await prediction.maps([input], signal).catch(async (error: unknown) => {
          if (!isInfnetError(error, 'CONTEXT_LOST')) throw error;
          // The device is gone, the weights and slices are not: once more on another one.
          prediction = await predictionFor();
          return prediction.maps([input], signal);
        });
        const map = maps.lateralMap2[0] as Float32Array;
        const { data } = probabilityMap(map, shown, { size });
        item.results.set(slice, { size, map, edge: maps.lateralEdge?.[0] as Float32Array, view });
        const counts = countAbove(data);
        const seconds = (performance.now() - started) / 1000;
        tell({ result: { slice, counts, pixels: data.length, seconds } });
        if (item.depth > 1) tell({ progress: { what: `Segmenting ${item.name}`, done: slice + 1, total: item.depth } });
      }
      return { seconds: (performance.now() - begun) / 1000 };
    },
    maps({ id, slice }) {
      const item = itemOf(id);
      const logits = item.results.get(slice);
      if (logits === undefined) return undefined;
      const { size, map, edge, view } = logits;
      const shown = item.slice(slice, view);
      const { width, height, data } = probabilityMap(map, shown, { size });
      const border = probabilityMap(edge, shown, { size }).data;
      const probability = new Float32Array(data);
      const bytes = Uint8Array.from(border, (p) => Math.round(255 * p));
      return transferring({ width, height, probability, edge: bytes }, [probability.buffer, bytes.buffer]);
    },
    export({ id, slice, what, threshold }) {
      const { name, bytes } = exportResult(itemOf(id), slice, what, threshold);
      return { name, bytes };
    },
  };
  return { handlers, network };
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
