/** What a net's answers are worth, as a validation tells it. */
import {
  type FloatMap,
  finalPngU8,
  type GreyImage,
  minMaxNormalize,
  probabilityToU8,
  resizeBilinearFloat,
} from '@infnet/data';
import { evaluateMap } from '@infnet/metrics';
import { ClassTable } from './class-table.js';
import type { Figures, Interpretation, Scores, TaskClass } from './task.js';

/**
 * Of a probability against masks: means over slices. `dice`, `iou`, `mae` are of the probability as it is written.
 * `releasedDice`, `releasedMeanDice` are of the map as the released test code makes it (stretched to full contrast, 8
 * bit, quirk 20), to compare with figures made that way.
 *
 * A slice on which a figure is undefined (sensitivity, where nothing is infected) takes no part in it; NaN where no
 * slice does.
 */
export class MapScoring implements Scores {
  readonly #rows: Figures[] = [];

  add({ probability, netProbability }: Interpretation, truth: GreyImage): void {
    if (probability === undefined || netProbability === undefined) throw new TypeError('there is no probability');
    const { width, height } = truth;
    // As the masks of a data set are read: a soft one is infected above the middle.
    const options = { width, height, conventions: 'sane', maskAbove: 128, stretch: false } as const;
    const own = resizeBilinearFloat(probability, width, height);
    const plain = evaluateMap(probabilityToU8(own.data), truth.data, options);
    const stretched = bytesMap(finalPngU8(minMaxNormalize(netProbability.data)), netProbability);
    const released = evaluateMap(resizeBilinearFloat(stretched, width, height).data, truth.data, options);
    const { dice, iou, sensitivity, specificity, meanDice, mae } = plain;
    const { dice: releasedDice, meanDice: releasedMeanDice } = released;
    this.#rows.push({ dice, iou, sensitivity, specificity, meanDice, mae, releasedDice, releasedMeanDice });
  }

  get figures(): Figures {
    const means = Object.keys(this.#rows[0] ?? {}).map((name) => {
      const defined = this.#rows.map((row) => row[name] as number).filter((value) => !Number.isNaN(value));
      return [name, defined.reduce((sum, value) => sum + value, 0) / defined.length];
    });
    return Object.fromEntries(means);
  }
}

function bytesMap(bytes: Uint8Array, { width, height }: FloatMap): FloatMap {
  return { width, height, data: Float32Array.from(bytes, (v) => v / 255) };
}

/**
 * Of classes against class maps, pixels of all slices counted together. `dice` and `iou` are means over the classes but
 * the background, `diceGroundGlass` and so on those of one. Undefined quotients are left out: a training's log is JSON.
 */
export class ClassScoring implements Scores {
  readonly #classes: readonly TaskClass[];
  readonly #table: ClassTable;

  constructor(classes: readonly TaskClass[]) {
    this.#classes = classes;
    this.#table = new ClassTable(classes.map(({ name }) => name));
  }

  add({ labels }: Interpretation, truth: GreyImage): void {
    this.#table.add(truth, labels);
  }

  get figures(): Figures {
    const found = this.#classes.map(({ key }, k) => ({ key, scores: this.#table.scores(k) })).slice(1);
    const mean = (name: 'dice' | 'iou'): number =>
      found.map(({ scores }) => scores[name]).reduce((a, b) => a + b, 0) / found.length;
    const each = (name: 'dice' | 'sensitivity' | 'specificity'): [string, number][] =>
      found.map(({ key, scores }) => [`${name}${key.charAt(0).toUpperCase()}${key.slice(1)}`, scores[name]]);
    const figures: [string, number][] = [
      ['dice', mean('dice')],
      ['iou', mean('iou')],
      ...each('dice'),
      ...each('sensitivity'),
      ...each('specificity'),
      ['accuracy', this.#table.accuracy],
    ];
    return Object.fromEntries(figures.filter(([, value]) => !Number.isNaN(value)));
  }
}
