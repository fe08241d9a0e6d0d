/** A net in inference mode that predicts one map of each image: for labels, and for a teacher. */
import {
  type BatchSize,
  elementCount,
  InfnetError,
  type InputSpec,
  type ItemInputs,
  type Module,
  Predictor,
  type PredictorOptions,
  type Tensor,
} from '@infnet/core';

export interface MapOptions {
  readonly net: Module<never, unknown>;
  readonly logits: (inputs: { readonly image: Tensor }) => Tensor;
  /** Shape of an image without the batch dimension. */
  readonly image: InputSpec;
  /** Images per run. */
  readonly batchSize: number;
}

/** Planning throws `SEMI_PREDICTION` when `logits` gives no [N, 1, H, W]. */
export function mapPredictor(
  { net, logits }: MapOptions,
  parameters: PredictorOptions['parameters'],
): Predictor<'image', 'logits'> {
  const forward = ({ image }: { readonly image: Tensor }): Record<'logits', Tensor> => {
    net.eval();
    const map = logits({ image });
    assertOneMap(map, image);
    return { logits: map };
  };
  return new Predictor({ forward, ...(parameters === undefined ? {} : { parameters }) });
}

export function imageBatch({ image, batchSize }: MapOptions): BatchSize<'image'> {
  return { item: { image }, batch: batchSize };
}

/** `count` images that lie one after the other. @throws InfnetError `SEMI_DATA` for another number of values. */
export function separateImages(
  { image }: Pick<MapOptions, 'image'>,
  images: Float32Array,
  count: number,
): ItemInputs<'image'>[] {
  const each = elementCount('shape' in image ? image.shape : image);
  if (images.length === count * each) {
    return Array.from({ length: count }, (_, i) => ({ image: images.subarray(i * each, (i + 1) * each) }));
  }
  throw new InfnetError({
    code: 'SEMI_DATA',
    message: `${count} unlabelled images have ${images.length} values, ${count * each} are needed`,
    fix: 'Images must have the size of the labelled ones.',
  });
}

function assertOneMap({ shape }: Tensor, image: Tensor): void {
  if (shape.length === 4 && shape[0] === image.shape[0] && shape[1] === 1) return;
  throw new InfnetError({
    code: 'SEMI_PREDICTION',
    message: `the prediction has the shape [${shape.join(', ')}], one map per image is needed: [${image.shape[0]}, 1, height, width]`,
    fix: 'Return the logits of one output, e.g. net.call(image).lateralMap2.',
  });
}

/** 1 / (1 + e^-x), rounded to float32. */
export function probabilities(logits: Float32Array): Float32Array {
  return Float32Array.from(logits, (x) => 1 / (1 + Math.exp(-x)));
}
