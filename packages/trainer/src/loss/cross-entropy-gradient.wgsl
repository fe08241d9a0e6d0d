// trainer/cross-entropy-gradient: a gradient of the mean cross entropy, in one pass.
//
//   CLASSES 1:  d_c = g * scale * (softmax(x)_c - [c = t])                    of the logits; scale = 1 / pixels counted
//   CLASSES 0:  d_c = g * factor * (softmax(x)_c * (sum over k of t_k) - t_c) of the logits; factor = 1 / (N area)
//   TARGET 1:   d_c = -g * factor * log(softmax(x)_c)                         of a distribution (CLASSES 0 only; t is
//     not read)
//
//   g  [1]           read at gOffset: gradient of the loss
//   x  [N, C, area]  read: batch item n is contiguous and starts at xOffset + n * xBatchStride
//   t  [N, area] u32 or i32 (CLASSES 1) or [N, C, area] f32  read, likewise
//   scale [1]        read at scaleOffset (CLASSES 1): see cross-entropy-total.wgsl
//   d  [N, C, area]  written, as x
//
// A pixel of the class `ignored` gets 0; one whose class is none, or whose logits are no numbers, gets NaN. Where p_c
// and t_c come near 1 their difference loses its digits, so it is written as p_c (mass - t_c) - t_c (1 - p_c), and 1 -
// p_c is the sum of the others.
//
// Tile: one pixel, all its channels, per invocation. Dispatch: ceil(N * area / 64) workgroups in a line.

struct Params {
  gOffset: u32,
  xOffset: u32, xBatchStride: u32,
#if TARGET == 0
  tOffset: u32, tBatchStride: u32,
#end
  dOffset: u32, dBatchStride: u32,
  channels: u32,
  area: u32,
#if CLASSES
  scaleOffset: u32,
  ignored: u32,
#else
  factor: f32,
#end
  count: u32,
}

#if CLASSES
alias Target = u32;
#else
alias Target = f32;
#end

@group(0) @binding(1) var<storage, read> g: array<f32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
#if TARGET == 0
@group(0) @binding(3) var<storage, read> t: array<Target>;
#end
@group(0) @binding(4) var<storage, read_write> d: array<f32>;
#if CLASSES
@group(0) @binding(5) var<storage, read> scale: array<f32>;
#end

#include "@infnet/nn/elementwise/logistic.part.wgsl"
#include "./softmax-sums.part.wgsl"
#include "@infnet/core/kernels/each.part.wgsl"

fn each(k: u32) {
  let n = k / params.area;
  let i = k - n * params.area;
  let fromX = params.xOffset + n * params.xBatchStride + i;
  let toD = params.dOffset + n * params.dBatchStride + i;
  let found = softmaxSums(fromX);
#if TARGET
  let level = select(log(1.0 + found.rest), logOnePlus(found.rest), found.rest <= 1.0);
  for (var c = 0u; c < params.channels; c++) {
    let lost = keepNan(level + (found.largest - x[fromX + c * params.area]), found.largest);
    d[toD + c * params.area] = g[params.gOffset] * params.factor * lost;
  }
#else
  let fromT = params.tOffset + n * params.tBatchStride + i;
  let total = 1.0 + found.rest;
#if CLASSES
  let label = t[fromT];
  let counts = label != params.ignored;
  let factor = g[params.gOffset] * select(0.0, scale[params.scaleOffset], counts);
  let wrong = counts && label >= params.channels;
  let mass = 1.0;
#else
  let factor = g[params.gOffset] * params.factor;
  var mass = 0.0;
  for (var c = 0u; c < params.channels; c++) { mass += t[fromT + c * params.area]; }
#end
  for (var c = 0u; c < params.channels; c++) {
    let e = select(exp(x[fromX + c * params.area] - found.largest), 1.0, c == found.winner);
    let p = e / total;
    let others = select(total - e, found.rest, c == found.winner) / total;
#if CLASSES
    let truth = select(0.0, 1.0, c == label);
#else
    let truth = t[fromT + c * params.area];
#end
    let slope = factor * (p * (mass - truth) - others * truth);
#if CLASSES
    d[toD + c * params.area] = select(keepNan(slope, found.largest), nan(), wrong);
#else
    d[toD + c * params.area] = keepNan(slope, found.largest);
#end
  }
#end
}
