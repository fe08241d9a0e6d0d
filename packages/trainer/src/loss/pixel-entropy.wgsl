// trainer/pixel-entropy: the cross entropy of each pixel of softmax(x) over channels with its class, weighted, smoothed
// and focused.
//
//   l_c = log(sum over k of exp x_k) - x_c = -log p_c
//   y   = (1 - smoothing) w_t (1 - p_t)^gamma l_t + smoothing / C * sum over c of w_c l_c       t is the pixel's class
//   s   = w_t with BY_WEIGHT 1, else 1: what the pixel counts in a mean
//
//   x  [N, C, area]            read: batch item n is contiguous and starts at xOffset + n * xBatchStride
//   t  [N, area]  u32 or i32   read, likewise
//   y, s  [N, area]            written, likewise
//
// gamma is 0 with FOCAL 0, the smoothing with SMOOTHED 0; all w_c are 1 with WEIGHTED 0. A pixel of the class `ignored`
// gets y = s = 0. A class outside of 0 to C - 1 makes both NaN; a NaN logit and one of +Infinity make y NaN, as in
// PyTorch. The largest logit is taken off first, so nothing overflows.
//
// Tile: one pixel, all its channels, per invocation. Dispatch: ceil(N * area / 64) workgroups in a line.

struct Params {
  xOffset: u32, xBatchStride: u32,
  tOffset: u32, tBatchStride: u32,
  yOffset: u32, yBatchStride: u32,
  sOffset: u32, sBatchStride: u32,
#include "./pixel-entropy-params.part.wgsl"
  count: u32,
}

@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> t: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<storage, read_write> s: array<f32>;

#include "@infnet/nn/elementwise/logistic.part.wgsl"
#include "./softmax-sums.part.wgsl"
#include "./pixel-entropy.part.wgsl"
#include "@infnet/core/kernels/each.part.wgsl"

fn each(k: u32) {
  let n = k / params.area;
  let i = k - n * params.area;
  let fromX = params.xOffset + n * params.xBatchStride + i;
  let toY = params.yOffset + n * params.yBatchStride + i;
  let toS = params.sOffset + n * params.sBatchStride + i;
  let label = t[params.tOffset + n * params.tBatchStride + i];
  if (label == params.ignored) {
    y[toY] = 0.0;
    s[toS] = 0.0;
    return;
  }
  if (label >= params.channels) {
    y[toY] = nan();
    s[toS] = nan();
    return;
  }
  let found = softmaxSums(fromX);
  let level = levelOf(found);
  let weight = weightOf(label);
  var lost = weight * (level + (found.largest - x[fromX + label * params.area]));
#if FOCAL
  lost *= focusOf(missOf(found, powerOf(found, fromX, label), label));
#end
#if SMOOTHED
  let share = params.smoothing / f32(params.channels);
  lost *= 1.0 - params.smoothing;
  for (var c = 0u; c < params.channels; c++) {
    lost += share * weightOf(c) * (level + (found.largest - x[fromX + c * params.area]));
  }
#end
  y[toY] = keepNan(lost, found.largest);
#if BY_WEIGHT
  s[toS] = weight;
#else
  s[toS] = 1.0;
#end
}
