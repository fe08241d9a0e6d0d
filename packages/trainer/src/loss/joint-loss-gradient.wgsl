// trainer/joint-loss-gradient: the gradient of the joint loss with respect to the logits, in one pass.
//
//   p = sigmoid(z),  w = 1 + 5 |pooled - t|,  (a, b, c) = image[n]             (joint-loss-total.wgsl)
//   d = g * ((p - t) q + p (1 - p) w ((1 - t) a - t b))
//   WEIGHTED 0: q = factor = 1 / (N item);  WEIGHTED 1: q = w c
//
//   g       [1]        read at gOffset: gradient of the loss
//   z       [N, item]  read: batch item n is contiguous and starts at zOffset + n * zBatchStride
//   t, pooled [N, item]  read, likewise
//   image   [N, 4]     read from imageOffset on
//   d       [N, item]  written, as z
//
// Tile: one value per invocation. Dispatch: ceil(N * item / 64) workgroups in a line.

struct Params {
  gOffset: u32, imageOffset: u32,
  zOffset: u32, zBatchStride: u32,
  tOffset: u32, tBatchStride: u32,
  pooledOffset: u32, pooledBatchStride: u32,
  dOffset: u32, dBatchStride: u32,
  item: u32,
  factor: f32,
  count: u32,
}

@group(0) @binding(1) var<storage, read> g: array<f32>;
@group(0) @binding(2) var<storage, read> z: array<f32>;
@group(0) @binding(3) var<storage, read> t: array<f32>;
@group(0) @binding(4) var<storage, read> pooled: array<f32>;
@group(0) @binding(5) var<storage, read> image: array<f32>;
@group(0) @binding(6) var<storage, read_write> d: array<f32>;

#include "@infnet/nn/elementwise/logistic.part.wgsl"
#include "@infnet/core/kernels/each.part.wgsl"

fn each(k: u32) {
  let n = k / params.item;
  let i = k - n * params.item;
  let value = z[params.zOffset + n * params.zBatchStride + i];
  let truth = t[params.tOffset + n * params.tBatchStride + i];
  let w = 1.0 + 5.0 * abs(pooled[params.pooledOffset + n * params.pooledBatchStride + i] - truth);
  let at = params.imageOffset + n * 4u;
  let p = sigmoid(value);
#if WEIGHTED
  let q = w * image[at + 2u];
#else
  let q = params.factor;
#end
  let overlap = (1.0 - truth) * image[at] - truth * image[at + 1u];
  let slope = p * oneMinusSigmoid(value);
  d[params.dOffset + n * params.dBatchStride + i] = g[params.gOffset] * (sigmoidMinus(value, truth) * q + slope * w * overlap);
}
