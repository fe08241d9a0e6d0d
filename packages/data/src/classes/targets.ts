/**
 * Class maps to training targets and back.
 *
 * The released one-hot encoding is one place off (quirk 26): with labels 0, 1, 2 it marks flat position 3 * pixel +
 * label - 1 of [H, W, 3]. So channel 0 means ground-glass, 1 consolidation, and 2 background, of the pixel *before*;
 * the first pixel's background lands on the last pixel. Labels that a bilinear resize left between the classes (quirk
 * 25) mark far-off places, and end the released program with an IndexError near the end of the picture.
 */
import { dataError } from '../errors.js';
import { checkSize, type GreyImage } from '../image.js';
import type { FloatTensor } from '../tensor.js';
import { type ClassMap, checkClassMap, RELEASED_GREYS } from './class-map.js';

/** u32 in the host's memory, row-major. */
export interface ClassTensor {
  readonly data: Uint32Array;
  readonly shape: readonly number[];
}

/**
 * What channel k of a net's output means: class k, or as the released code trains it (0 ground-glass, 1 consolidation,
 * 2 background).
 */
export type ChannelOrder = 'classes' | 'as-released';

const CLASS_OF_CHANNEL: Readonly<Record<ChannelOrder, readonly [number, number, number]>> = {
  classes: [0, 1, 2],
  'as-released': [1, 2, 0],
};

/**
 * One-hot encoding [3, H, W]: channel k is 1 where the class is k, and none where it is `ignoreIndex`, if that is
 * given.
 */
export function oneHot(map: ClassMap, ignoreIndex?: number): FloatTensor {
  checkClassMap(map, ignoreIndex);
  const { width, height } = map;
  const area = width * height;
  const data = new Float32Array(3 * area);
  for (let i = 0; i < area; i++) {
    const value = map.data[i] as number;
    if (value <= 2) data[value * area + i] = 1;
  }
  return { data, shape: [3, height, width] };
}

/** The released grey labels after their bilinear resize: 38 and 75 become 1 and 2, all other values stay (quirk 25). */
export function releasedLabels(greys: GreyImage): GreyImage {
  const data = greys.data.map((v) => (v === RELEASED_GREYS[1] ? 1 : v === RELEASED_GREYS[2] ? 2 : v));
  return { ...greys, data };
}

/**
 * The released `onehot` to the bit, as [3, H, W] (quirk 26).
 *
 * @param labels any bytes; classes are 0, 1, 2
 * @throws `DATA_RELEASED_LABEL` where the released code ends with an IndexError
 */
export function releasedOneHot(labels: GreyImage, where?: string): FloatTensor {
  checkSize(labels, 'label map');
  const { width, height } = labels;
  const area = width * height;
  const data = new Float32Array(3 * area);
  for (let i = 0; i < area; i++) {
    const label = labels.data[i] as number;
    const at = 3 * i + label - 1;
    if (at >= 3 * area) {
      throw dataError({
        code: 'DATA_RELEASED_LABEL',
        message: `The label ${label} at pixel ${i} (column ${i % width}, row ${Math.floor(i / width)}) marks place ${at} of an array of ${3 * area}; here the released code ends with an IndexError.`,
        ...(where === undefined ? {} : { where }),
        fix: 'Use the corrected labels (leave out asReleased), or a size at which no border of classes lies in the last rows.',
        details: { label, pixel: i },
      });
    }
    const place = at < 0 ? 3 * area - 1 : at;
    data[(place % 3) * area + Math.floor(place / 3)] = 1;
  }
  return { data, shape: [3, height, width] };
}

/**
 * The class with the largest value at every pixel; of equal ones the first channel's, as `argmax` has it. Logits and
 * probabilities give the same.
 *
 * @param values [3, H, W] or [1, 3, H, W]
 * @param order what the channels mean
 * @throws `DATA_ARGUMENT` for other shapes
 */
export function decideClasses(values: FloatTensor, order: ChannelOrder = 'classes'): ClassMap {
  const shape = values.shape.length === 4 && values.shape[0] === 1 ? values.shape.slice(1) : values.shape;
  const [channels, height = 0, width = 0] = shape;
  if (shape.length !== 3 || channels !== 3 || values.data.length !== 3 * height * width || height * width === 0) {
    throw dataError({
      code: 'DATA_ARGUMENT',
      message: `Classes are decided on [3, height, width]; got [${values.shape.join(', ')}] with ${values.data.length} elements.`,
    });
  }
  const area = width * height;
  const meaning = CLASS_OF_CHANNEL[order];
  const data = new Uint8Array(area);
  for (let i = 0; i < area; i++) {
    const a = values.data[i] as number;
    const b = values.data[area + i] as number;
    const c = values.data[2 * area + i] as number;
    data[i] = meaning[b > a ? (c > b ? 2 : 1) : c > a ? 2 : 0] as number;
  }
  return { width, height, channels: 1, data };
}
