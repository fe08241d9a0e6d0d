/** Convolution and its gradients in float64, by definition: slow, and short enough to be believed. */
import { type Conv2dGeometry, type Conv2dOptions, conv2dGeometry, conv2dSettings } from '../src/index.js';

export interface ReferenceCase extends Conv2dOptions {
  readonly input: readonly [number, number, number, number];
  readonly weight: readonly [number, number, number, number];
}

export function geometryOfCase({ input, weight, ...options }: ReferenceCase): Conv2dGeometry {
  return conv2dGeometry(input, weight, conv2dSettings(options, [weight[2], weight[3]], 'reference'), 'reference');
}

/** Calls `visit(y, x, w)` with the flat indices of every product y += x * w. */
function eachProduct(geometry: Conv2dGeometry, visit: (y: number, x: number, w: number) => void): void {
  const { batch, inChannels, inSize, outChannels, outSize, kernel, stride, padding, dilation, groups } = geometry;
  const [perGroup, outPerGroup] = [inChannels / groups, outChannels / groups];
  const [height, width] = inSize;
  for (let n = 0; n < batch; n++)
    for (let m = 0; m < outChannels; m++)
      for (let k = 0; k < perGroup; k++) {
        const channel = Math.floor(m / outPerGroup) * perGroup + k;
        for (let ky = 0; ky < kernel[0]; ky++)
          for (let kx = 0; kx < kernel[1]; kx++) {
            const w = ((m * perGroup + k) * kernel[0] + ky) * kernel[1] + kx;
            for (let oy = 0; oy < outSize[0]; oy++) {
              const iy = oy * stride[0] + ky * dilation[0] - padding[0];
              if (iy < 0 || iy >= height) continue;
              for (let ox = 0; ox < outSize[1]; ox++) {
                const ix = ox * stride[1] + kx * dilation[1] - padding[1];
                if (ix < 0 || ix >= width) continue;
                const y = ((n * outChannels + m) * outSize[0] + oy) * outSize[1] + ox;
                visit(y, ((n * inChannels + channel) * height + iy) * width + ix, w);
              }
            }
          }
      }
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** y [n, oc, oh, ow]. */
export function conv2dReference(
  test: ReferenceCase,
  x: ArrayLike<number>,
  w: ArrayLike<number>,
  bias?: ArrayLike<number>,
): Float64Array {
  const geometry = geometryOfCase(test);
  const { batch, outChannels, outSize } = geometry;
  const area = outSize[0] * outSize[1];
  const y = new Float64Array(batch * outChannels * area);
  if (bias !== undefined) for (const i of y.keys()) y[i] = bias[Math.floor(i / area) % outChannels] as number;
  eachProduct(geometry, (iy, ix, iw) => {
    (y[iy] as number) += (x[ix] as number) * (w[iw] as number);
  });
  return y;
}

/** Gradient with respect to x. */
export function inputGradientReference(test: ReferenceCase, g: ArrayLike<number>, w: ArrayLike<number>): Float64Array {
  const dx = new Float64Array(sizeOf(test.input));
  eachProduct(geometryOfCase(test), (iy, ix, iw) => {
    (dx[ix] as number) += (g[iy] as number) * (w[iw] as number);
  });
  return dx;
}

/** Gradient with respect to the weights. */
export function weightGradientReference(test: ReferenceCase, g: ArrayLike<number>, x: ArrayLike<number>): Float64Array {
  const dw = new Float64Array(sizeOf(test.weight));
  eachProduct(geometryOfCase(test), (iy, ix, iw) => {
    (dw[iw] as number) += (g[iy] as number) * (x[ix] as number);
  });
  return dw;
}
