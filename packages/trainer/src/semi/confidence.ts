/** How sure a net is of a prediction: one figure in 0..1 for a whole map. */
import { checkChoices, checkNumbers } from './options-check.js';
import type { Prediction, Settings } from './strategy.js';

export interface Confidence {
  (prediction: Pick<Prediction, 'width' | 'height' | 'probability'>): number;
  /** What it is, for the settings of a strategy: compared when a propagation is resumed. */
  readonly settings?: Settings;
}

/**
 * The mean of |2p - 1| over the predicted lesion (p >= 0.5) and a band around it: 1 where all is 0 or 1, 0 where all is
 * 0.5. The far background, which is most of a slice and certain in any net, does not count. Where no lesion is
 * predicted there is nothing else to look at, and the whole map counts.
 *
 * @param options `band`: width of the band in pixels; a pixel belongs to it when a lesion pixel is at most so many rows
 *   and columns away. Default 5.
 * @throws InfnetError `SEMI_OPTION`.
 */
export function lesionConfidence(options: { readonly band?: number } = {}): Confidence {
  checkChoices('lesionConfidence', options, ['band']);
  const { band = 5 } = options;
  checkNumbers({ band: { value: band, least: 0, whole: true } });
  const judge: Confidence = ({ width, height, probability }) => {
    const region = dilate(probability, width, height, band);
    const isEmpty = !region.includes(1);
    let sum = 0;
    let count = 0;
    for (let i = 0; i < probability.length; i++) {
      if (!isEmpty && region[i] === 0) continue;
      sum += Math.abs(2 * (probability[i] as number) - 1);
      count++;
    }
    return sum / count;
  };
  return Object.assign(judge, { settings: { confidence: 'lesion', band } });
}

/** 1 - mean entropy of all pixels, in units of that of p = 0.5. */
export function entropyConfidence(): Confidence {
  const term = (p: number): number => (p > 0 ? -p * Math.log2(p) : 0);
  const judge: Confidence = ({ probability }) => {
    let sum = 0;
    for (const p of probability) sum += term(p) + term(1 - p);
    return 1 - sum / probability.length;
  };
  return Object.assign(judge, { settings: { confidence: 'entropy' } });
}

/** 1 where a pixel with p >= 0.5 is at most `band` rows and columns away: rows first, then columns. */
function dilate(probability: Float32Array, width: number, height: number, band: number): Uint8Array {
  const rows = new Uint8Array(width * height);
  const region = new Uint8Array(width * height);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if ((probability[i] as number) < 0.5) continue;
      rows.fill(1, i - Math.min(x, band), i + Math.min(width - 1 - x, band) + 1);
    }
  }
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (rows[i] === 0) continue;
      const last = Math.min(height - 1, y + band);
      for (let row = Math.max(0, y - band); row <= last; row++) region[row * width + x] = 1;
    }
  }
  return region;
}
