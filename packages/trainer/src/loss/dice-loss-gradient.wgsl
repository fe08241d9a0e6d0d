// trainer/dice-loss-gradient: the gradient of the Dice loss with respect to the predictions, or to the targets, in one
// pass.
//
//   (a, b) = factors[n, c]                                                     (dice-loss-total.wgsl)
//   d = g * (b - a t), times p (1 - p) where p = sigmoid(x) (SIGMOID 1)
//   TARGET 1:  d = g * (b - a p), of the targets; without SIGMOID `t` holds p
//
//   g        [1]           read at gOffset: gradient of the loss
//   x        [N, C, area]  read: batch item n is contiguous and starts at xOffset + n * xBatchStride (SIGMOID 1 only)
//   t        [N, C, area]  read, likewise
//   factors  [N * C, 2]    read from factorsOffset on
//   d        [N, C, area]  written, as x
//
// Tile: one value per invocation. Dispatch: ceil(N * C * area / 64) workgroups in a line.

struct Params {
  gOffset: u32,
  factorsOffset: u32,
#if SIGMOID
  xOffset: u32, xBatchStride: u32,
#end
  tOffset: u32, tBatchStride: u32,
  dOffset: u32, dBatchStride: u32,
  channels: u32,
  area: u32,
  count: u32,
}

@group(0) @binding(1) var<storage, read> g: array<f32>;
@group(0) @binding(2) var<storage, read> t: array<f32>;
@group(0) @binding(3) var<storage, read> factors: array<f32>;
@group(0) @binding(4) var<storage, read_write> d: array<f32>;
#if SIGMOID
@group(0) @binding(5) var<storage, read> x: array<f32>;
#end

#include "@infnet/nn/elementwise/logistic.part.wgsl"
#include "@infnet/core/kernels/each.part.wgsl"

fn each(k: u32) {
  let map = k / params.area;
  let n = map / params.channels;
  let i = k - n * params.channels * params.area;
  let at = params.factorsOffset + map * 2u;
#if SIGMOID
  let value = x[params.xOffset + n * params.xBatchStride + i];
#end
#if SIGMOID && TARGET
  let other = sigmoid(value);
#else
  let other = t[params.tOffset + n * params.tBatchStride + i];
#end
  var slope = factors[at + 1u] - factors[at] * other;
#if SIGMOID && TARGET == 0
  slope *= sigmoid(value) * oneMinusSigmoid(value);
#end
  d[params.dOffset + n * params.dBatchStride + i] = g[params.gOffset] * slope;
}
