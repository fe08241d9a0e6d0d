/** A net in inference mode on a device: probabilities of images, a fixed number per run. */
import {
  type Context,
  elementCount,
  InfnetError,
  type InputSpec,
  type Module,
  type ParameterStore,
  planInBatches,
  type Tensor,
} from '@infnet/core';

export interface PredictionOptions {
  readonly net: Module<never, unknown>;
  readonly parameters: ParameterStore;
  readonly logits: (inputs: { readonly image: Tensor }) => Tensor;
  /** Shape of an image without the batch dimension. */
  readonly image: InputSpec;
  /** Images per run; fewer are filled up with zeros, so that every image is computed by the same kernels. */
  readonly batchSize: number;
}

export interface PredictionPlan extends Disposable {
  readonly width: number;
  readonly height: number;
  /** Logits [count * height * width] of `count` images, at most `batchSize`. */
  run(images: Float32Array, count: number, signal?: AbortSignal): Promise<Float32Array>;
  dispose(): void;
}

/** @throws InfnetError `SEMI_PREDICTION` when `logits` gives no [N, 1, H, W], and what planning throws. */
export async function preparePrediction(context: Context, options: PredictionOptions): Promise<PredictionPlan> {
  const { net, parameters, logits, image, batchSize } = options;
  const shape = 'shape' in image ? image.shape : image;
  net.eval();
  let size: readonly [number, number] = [0, 0];
  const forward = ({ image }: Readonly<Record<'image', Tensor>>): Readonly<Record<string, Tensor>> => {
    const map = logits({ image });
    size = mapSize(map, image);
    return { logits: map };
  };
  const plan = await planInBatches(context, forward, { image: [batchSize, ...shape] }, { parameters });
  const [height, width] = size;
  const each = elementCount(shape);
  return {
    width,
    height,
    async run(images, count, signal) {
      if (images.length !== count * each) {
        throw new InfnetError({
          code: 'SEMI_DATA',
          message: `${count} unlabelled images have ${images.length} values, ${count * each} are needed`,
          fix: 'Images must have the size of the labelled ones.',
        });
      }
      const batch = new Float32Array(batchSize * each);
      batch.set(images);
      const { logits } = await plan.run({ image: batch }, signal === undefined ? {} : { signal });
      return (logits as Float32Array).subarray(0, count * height * width);
    },
    dispose: () => plan.dispose(),
    [Symbol.dispose]: () => plan.dispose(),
  };
}

function mapSize({ shape }: Tensor, image: Tensor): readonly [number, number] {
  const [batch, channels, height = 0, width = 0] = shape;
  if (shape.length === 4 && batch === image.shape[0] && channels === 1) return [height, width];
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
