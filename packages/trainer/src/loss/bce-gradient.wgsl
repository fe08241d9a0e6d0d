// trainer/bce-gradient: the gradient of the mean binary cross entropy with respect to the predictions, or to the
// targets.
//
//   LOGITS 1:  d = g * factor * (sigmoid(x) - t)                              factor = 1 / number of values
//   LOGITS 0:  d = g * factor * (x - t) / max(x (1 - x), 1e-12)               where the clamped logarithms are cut off
//     too,
//                                                                             as PyTorch does
//   TARGET 1, LOGITS 1:  d = -g * factor * x                                    of the targets
//   TARGET 1, LOGITS 0:  d = g * factor * (clamped log(1 - x) - clamped log x)   as bce.wgsl clamps
//
//   g  [1]        read at gOffset: gradient of the loss
//   x  [N, item]  read: batch item n is contiguous and starts at xOffset + n * xBatchStride
//   t  [N, item]  read, likewise
//   d  [N, item]  written, likewise
//
// Tile: one value per invocation. Dispatch: ceil(N * item / 64) workgroups in a line.

struct Params {
  gOffset: u32,
  xOffset: u32, xBatchStride: u32,
  tOffset: u32, tBatchStride: u32,
  dOffset: u32, dBatchStride: u32,
  item: u32,
  factor: f32,
  count: u32,
}

@group(0) @binding(1) var<storage, read> g: array<f32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> t: array<f32>;
@group(0) @binding(4) var<storage, read_write> d: array<f32>;

#include "@infnet/nn/elementwise/logistic.part.wgsl"

#include "./clamped-log.part.wgsl"

fn slope(value: f32, truth: f32) -> f32 {
#if TARGET && LOGITS
  return -value;
#elif TARGET
  return select(nan(), clampedLog(1.0 - value) - clampedLog(value), isProbability(value));
#elif LOGITS
  return sigmoidMinus(value, truth);
#else
  return (value - truth) / max(value * (1.0 - value), 1e-12);
#end
}

#include "@infnet/core/kernels/each.part.wgsl"

fn each(k: u32) {
  let n = k / params.item;
  let i = k - n * params.item;
  let value = x[params.xOffset + n * params.xBatchStride + i];
  let truth = t[params.tOffset + n * params.tBatchStride + i];
  d[params.dOffset + n * params.dBatchStride + i] = g[params.gOffset] * params.factor * slope(value, truth);
}
