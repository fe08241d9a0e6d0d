// nn/batch-norm-gradient-input: the gradient of batch norm with respect to its input.
//
//   x, g  [N, C, area]  read: batch item n is contiguous and starts at xOffset + n * xBatchStride (gOffset, ...)
//   d     [N, C, area]  written, likewise
//   mask  [N, C, area]  read likewise, with MASK 1: g counts where mask is above 0 or NaN only (mask is a relu's
//         result, g its gradient)
//   weight [C]  read
//   variance [C]  read with BATCH 0; i = 1 / sqrt(variance + eps)
//   statistics [3, C]  read with BATCH 1: mean, i, what the mean's float lacks (one binding: eight is what every device
//     has)
//
//   BATCH 0 (running statistics are constants):  d = weight i g
//   BATCH 1 (statistics of the batch):           d = weight i (g - sumG / n - h sumGH / n)
//           h = (x - mean) i;  sumG = sum of g, sumGH = sum of g h [C] read: the gradients of bias and weight; n = N *
//             area
//
// Tile as in normalize.wgsl. Dispatch: ceil(N * C * span / 64) workgroups in a line.
#let MEAN = 0
#default LEAKY 0
#let RELU = MASK && !LEAKY

struct Params {
  gOffset: u32, gBatchStride: u32,
  dOffset: u32, dBatchStride: u32,
#if MASK
  maskOffset: u32, maskBatchStride: u32,
#end
  weightOffset: u32,
  channels: u32,
  area: u32,
  span: u32,
  count: u32,
#if BATCH
  xOffset: u32, xBatchStride: u32,
  statisticsOffset: u32, sumGOffset: u32, sumGHOffset: u32,
  perCount: f32,
#else
  varianceOffset: u32,
  eps: f32,
#end
#if LEAKY
  slope: f32,
#end
}

#include "@infnet/core/kernels/value.part.wgsl"

@group(0) @binding(1) var<storage, read> g: array<Value>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
#if BATCH
@group(0) @binding(3) var<storage, read> statistics: array<f32>;
#else
@group(0) @binding(3) var<storage, read> variance: array<f32>;
#end
@group(0) @binding(4) var<storage, read_write> d: array<Value>;
#if BATCH
@group(0) @binding(5) var<storage, read> x: array<Value>;
@group(0) @binding(6) var<storage, read> sumG: array<f32>;
@group(0) @binding(7) var<storage, read> sumGH: array<f32>;
#end

#if MASK
@group(0) @binding(8) var<storage, read> mask: array<Value>;
#end

#include "@infnet/core/kernels/relu-vector.part.wgsl"
#include "./activation.part.wgsl"
#include "@infnet/core/kernels/each.part.wgsl"
#include "./figures.part.wgsl"

fn each(t: u32) {
  let plane = t / params.span;
  let first = t - plane * params.span;
  let n = plane / params.channels;
  let c = plane - n * params.channels;
  let figures = figuresOf(c);
  let scale = weight[params.weightOffset + c] * figures.inverse;
  let area = params.area / $(VECTOR)u;
  let fromG = (params.gOffset + n * params.gBatchStride + c * params.area) / $(VECTOR)u;
  let to = (params.dOffset + n * params.dBatchStride + c * params.area) / $(VECTOR)u;
#if MASK
  let fromMask = (params.maskOffset + n * params.maskBatchStride + c * params.area) / $(VECTOR)u;
#end
#if BATCH
  let fromX = (params.xOffset + n * params.xBatchStride + c * params.area) / $(VECTOR)u;
  let center = Value(figures.center);
  let lacking = Value(figures.lacking);
  let plain = Value(sumG[params.sumGOffset + c] * params.perCount);
  let weighted = sumGH[params.sumGHOffset + c] * params.perCount * figures.inverse;
#end
#for k in 0..TILE
  let e$(k) = first + $(k)u * params.span;
  if (e$(k) < area) {
#if MASK
    let v = passed(mask[fromMask + e$(k)], g[fromG + e$(k)]);
#else
    let v = g[fromG + e$(k)];
#end
#if BATCH
    d[to + e$(k)] = scale * (v - plain - ((x[fromX + e$(k)] - center) - lacking) * weighted);
#else
    d[to + e$(k)] = scale * v;
#end
  }
#end
}
