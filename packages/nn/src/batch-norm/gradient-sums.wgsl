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
// Parts and dispatch as in statistics.wgsl; `nn/merge-sums` adds the parts.

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

#include "@infnet/core/kernels/relu-vector.part.wgsl"
#include "@infnet/core/kernels/each.part.wgsl"
#include "./figures.part.wgsl"

fn each(t: u32) {
  let c = t / params.parts;
  let part = t - c * params.parts;
  let fromX = params.xOffset + c * params.area;
  let fromG = params.gOffset + c * params.area;
#if MASK
  let fromMask = params.maskOffset + c * params.area;
#end
  let figures = figuresOf(c);
  var n = part / params.area;
  var p = part - n * params.area;
  var plain = 0.0;
  var weighted = 0.0;
  for (var i = part; i < params.total; i += params.parts) {
#if MASK
    let v = reluSlope(mask[fromMask + n * params.maskBatchStride + p], g[fromG + n * params.gBatchStride + p]);
#else
    let v = g[fromG + n * params.gBatchStride + p];
#end
    plain += v;
    weighted += v * ((x[fromX + n * params.xBatchStride + p] - figures.center) - figures.lacking);
    p += params.rest;
    n += params.items;
    if (p >= params.area) {
      p -= params.area;
      n += 1u;
    }
  }
#if FINAL
  first[params.firstOffset + c] = plain;
  second[params.secondOffset + c] = weighted * figures.inverse;
#else
  sums[t] = vec2f(plain, weighted * figures.inverse);
#end
}
