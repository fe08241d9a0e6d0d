// trainer/pixel-entropy-gradient: the gradient of trainer/pixel-entropy with respect to the logits, in one pass.
//
//   F   = (1 - p_t)^gamma (1 + gamma p_t l_t / (1 - p_t))                 l_t = -log p_t; 1 where gamma is 0
//   q_c = (1 - smoothing) w_t F [c = t] + smoothing / C * w_c
//   d_c = g (p_c (sum over k of q_k) - q_c)
//
//   g  [N, area]               read: batch item n is contiguous and starts at gOffset + n * gBatchStride
//   x  [N, C, area]            read, likewise
//   t  [N, area]  u32 or i32   read, likewise
//   d  [N, C, area]            written, likewise
//
// A pixel of the class `ignored` gets 0 whatever g is; one whose class is none, or whose logits are no numbers, NaN.
// p_c Q - q_c is written as p_c (Q - q_c) - q_c (1 - p_c), 1 - p_c as the sum of the others: near 1 the difference
// would lose its digits.
//
// Tile: one pixel, all its channels, per invocation. Dispatch: ceil(N * area / 64) workgroups in a line.

struct Params {
  gOffset: u32, gBatchStride: u32,
  xOffset: u32, xBatchStride: u32,
  tOffset: u32, tBatchStride: u32,
  dOffset: u32, dBatchStride: u32,
#include "./pixel-entropy-params.part.wgsl"
  count: u32,
}

@group(0) @binding(1) var<storage, read> g: array<f32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> t: array<u32>;
@group(0) @binding(4) var<storage, read_write> d: array<f32>;

#include "@infnet/nn/elementwise/logistic.part.wgsl"
#include "./softmax-sums.part.wgsl"
#include "./pixel-entropy.part.wgsl"
#include "@infnet/core/kernels/each.part.wgsl"

fn each(k: u32) {
  let n = k / params.area;
  let i = k - n * params.area;
  let fromX = params.xOffset + n * params.xBatchStride + i;
  let toD = params.dOffset + n * params.dBatchStride + i;
  let label = t[params.tOffset + n * params.tBatchStride + i];
  if (label == params.ignored || label >= params.channels) {
    let value = select(nan(), 0.0, label == params.ignored);
    for (var c = 0u; c < params.channels; c++) { d[toD + c * params.area] = value; }
    return;
  }
  let slope = g[params.gOffset + n * params.gBatchStride + i];
  let found = softmaxSums(fromX);
  let total = 1.0 + found.rest;
  var hit = weightOf(label);
#if FOCAL
  let power = powerOf(found, fromX, label);
  let miss = missOf(found, power, label);
  let lost = levelOf(found) + (found.largest - x[fromX + label * params.area]);
  hit *= select(focusOf(miss) * (1.0 + params.gamma * (power / total) * (lost / miss)), 0.0, miss <= 0.0);
#end
#if SMOOTHED
  hit *= 1.0 - params.smoothing;
  let share = params.smoothing / f32(params.channels);
  var mass = hit;
  for (var c = 0u; c < params.channels; c++) { mass += share * weightOf(c); }
#else
  let mass = hit;
#end
  for (var c = 0u; c < params.channels; c++) {
    let e = powerOf(found, fromX, c);
    var truth = select(0.0, hit, c == label);
#if SMOOTHED
    truth += share * weightOf(c);
#end
    d[toD + c * params.area] = keepNan(slope * (e / total * (mass - truth) - missOf(found, e, c) * truth), found.largest);
  }
}
