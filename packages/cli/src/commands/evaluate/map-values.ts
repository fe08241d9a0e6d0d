/**
 * Predictions that hold labels where a share is meant: masks of 0 and 1, saved as pictures, are read as 0 and 1/255, so
 * that nothing of them is above any threshold and every Dice is 0. One such picture may be a net that found nothing;
 * that all are so is told.
 */
import type { MapPicture } from './maps.js';

/** More different values are no labels. */
const MOST = 8;

export class MapValues {
  readonly #values = new Set<number>();
  #white: MapPicture['white'] = 255;
  #above = false;

  add({ data, white }: MapPicture): void {
    this.#white = white;
    for (let i = 0; i < data.length && !this.#above; i++) {
      const value = data[i] as number;
      this.#above = 2 * value > white || this.#values.size > MOST;
      this.#values.add(value);
    }
  }

  /** What is odd about all of them together. */
  note(): string | undefined {
    const values = [...this.#values].sort((a, b) => a - b);
    if (this.#above || values.length < 2) return undefined;
    return `no prediction is above half: all pixels are ${values.join(', ')} of ${this.#white}. If these are masks, write what is infected as ${this.#white}: --masks is for the truth alone.`;
  }
}
