// nn/batch-norm-gradient-sums: the two sums of the gradient, in parts.
//
//   x, g  [N, C, area]       read: batch item n is contiguous and starts at xOffset + n * xBatchStride (gOffset, ...)
//   mask  [N, C, area]       read likewise, with MASK 1: g counts where mask is above 0 or NaN only (mask is a relu's
//         result, g its gradient)
//   mean, variance [C]       read with BATCH 0
//   statistics [3, C]        read with BATCH 1: mean, 1 / sqrt(variance + eps), what the mean's float lacks
//   sums  [C, parts, 2]      written: sum of g, and sum of g (x - mean) * inverse deviation, of each part
//   FINAL 1, where a channel is one part: instead first [C] and second [C], as `nn/merge-sums` writes them
//
// GROUPED 1: the statistics [3, groups] are those of groups of values. Without EACH_FIGURES the sums are those of the
// N * C planes, sums [N * C, parts, 2], plane (n, c) being of group (n * C + c) / perGroup. With EACH_FIGURES 1 they
// are those of C weights, each of which has one value in every group (layer norm): the one of group p of item n, of
// `area` groups each, lies at n * xBatchStride + c * weightStep + p * groupStep. ROWS 1: neighbouring weights are
// neighbours in memory, and of the invocations; so are else the groups.
//
// Parts and dispatch as in statistics.wgsl; `nn/merge-sums` adds the parts.
#default GROUPED 0
#default EACH_FIGURES 0
#default ROWS 0
#default LEAKY 0
#let VECTOR = 1
#let RELU = MASK && !LEAKY

struct Params {
  xOffset: u32, xBatchStride: u32,
  gOffset: u32, gBatchStride: u32,
#if MASK
  maskOffset: u32, maskBatchStride: u32,
#end
  area: u32,
  total: u32,
  parts: u32,
  items: u32, rest: u32,
#if FINAL
  firstOffset: u32, secondOffset: u32,
#end
  count: u32,
#if GROUPED
  groups: u32,
#if EACH_FIGURES
  weightStep: u32, groupStep: u32,
#else
  perGroup: u32,
#end
#end
#if LEAKY
  slope: f32,
#end
#if BATCH
  statisticsOffset: u32,
  channels: u32,
#else
  meanOffset: u32, varianceOffset: u32,
  eps: f32,
#end
}

@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> g: array<f32>;
#if BATCH
@group(0) @binding(3) var<storage, read> statistics: array<f32>;
#else
@group(0) @binding(3) var<storage, read> mean: array<f32>;
@group(0) @binding(4) var<storage, read> variance: array<f32>;
#end
#if FINAL
@group(0) @binding(5) var<storage, read_write> first: array<f32>;
@group(0) @binding(6) var<storage, read_write> second: array<f32>;
#else
@group(0) @binding(5) var<storage, read_write> sums: array<vec2f>;
#end
#if MASK
@group(0) @binding(7) var<storage, read> mask: array<f32>;
#end

#include "@infnet/core/kernels/value.part.wgsl"
#include "@infnet/core/kernels/relu-vector.part.wgsl"
#include "./activation.part.wgsl"
#include "@infnet/core/kernels/each.part.wgsl"
#include "./figures.part.wgsl"

fn each(t: u32) {
#if ROWS
  let part = t / params.channels;
  let c = t - part * params.channels;
#else
  let c = t / params.parts;
  let part = t - c * params.parts;
#end
#if EACH_FIGURES
#let PLANES = 0
  let start = c * params.weightStep;
  let step = params.groupStep;
#elif GROUPED
#let PLANES = 1
  let item = c / params.channels;
  let start = (c - item * params.channels) * params.area;
#else
#let PLANES = 0
  let start = c * params.area;
#end
#if !EACH_FIGURES
#if GROUPED
  let figures = figuresOf(c / params.perGroup);
#else
  let figures = figuresOf(c);
#end
#end
  let fromX = params.xOffset + start;
  let fromG = params.gOffset + start;
#if MASK
  let fromMask = params.maskOffset + start;
#end
#if PLANES
  let n = item;
  var p = part;
#else
  var n = part / params.area;
  var p = part - n * params.area;
#end
  var plain = 0.0;
  var weighted = 0.0;
  for (var i = part; i < params.total; i += params.parts) {
#if EACH_FIGURES
    let figures = figuresOf(n * params.area + p);
    let at = p * step;
#else
    let at = p;
#end
#if MASK
    let v = passed(mask[fromMask + n * params.maskBatchStride + at], g[fromG + n * params.gBatchStride + at]);
#else
    let v = g[fromG + n * params.gBatchStride + at];
#end
    plain += v;
#if EACH_FIGURES
    weighted += v * ((x[fromX + n * params.xBatchStride + at] - figures.center) - figures.lacking) * figures.inverse;
#else
    weighted += v * ((x[fromX + n * params.xBatchStride + at] - figures.center) - figures.lacking);
#end
#if PLANES
    p += params.parts;
#else
    p += params.rest;
    n += params.items;
    if (p >= params.area) {
      p -= params.area;
      n += 1u;
    }
#end
  }
#if !EACH_FIGURES
  weighted *= figures.inverse;
#end
#if FINAL
  first[params.firstOffset + c] = plain;
  second[params.secondOffset + c] = weighted;
#else
  sums[c * params.parts + part] = vec2f(plain, weighted);
#end
}
