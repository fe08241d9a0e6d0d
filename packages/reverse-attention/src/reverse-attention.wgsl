// reverse-attention/reverse-attention: features weighted by what the coarser prediction did not find.
//
//   w[n, p]    = 1 - sigmoid(a) = 1 / (1 + exp(a)),  a = logits resized to p (bilinear, align_corners = false)
//   y[n, c, p] = w[n, p] * x[n, c, p]
//
//   x          [N, C, H, W]  read: batch item n is contiguous and starts at xOffset + n * xBatchStride
//   logits     [N, 1, h, w]  read, likewise
//   y          [N, C, H, W]  written, likewise
//   weight, bias, mean, variance  [C]  read, where NORMALIZE
//
//   RESIZE    1: logits have another size than x; else (h, w) = (H, W)
//   NORMALIZE 1: y = (w x - mean) * weight / sqrt(variance + eps) + bias, the batch norm that follows in inference
//
// Tile: one invocation makes one value (a vec4 where VECTOR = 4) of `tile` channels, so that w is computed once for all
// of them. Dispatch: ceil(N * ceil(C / tile) * span / 64) workgroups in a line, span = H * W / VECTOR.

struct Params {
  xOffset: u32, xBatchStride: u32,
  logitsOffset: u32, logitsBatchStride: u32,
  yOffset: u32, yBatchStride: u32,
  channels: u32,
  tile: u32,
  blocks: u32,
  span: u32,
  count: u32,
#if RESIZE
  width: u32,
  logitsHeight: u32, logitsWidth: u32,
  rowStep: f32, columnStep: f32,
#end
#if NORMALIZE
  weightOffset: u32, biasOffset: u32, meanOffset: u32, varianceOffset: u32,
  eps: f32,
#end
}

#include "@infnet/core/kernels/value.part.wgsl"

@group(0) @binding(1) var<storage, read> x: array<Value>;
@group(0) @binding(2) var<storage, read> logits: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<Value>;
#if NORMALIZE
@group(0) @binding(4) var<storage, read> weight: array<f32>;
@group(0) @binding(5) var<storage, read> bias: array<f32>;
@group(0) @binding(6) var<storage, read> mean: array<f32>;
@group(0) @binding(7) var<storage, read> variance: array<f32>;
#end

#include "@infnet/core/kernels/each.part.wgsl"
#include "./reversed.part.wgsl"

fn each(t: u32) {
  let row = t / params.span;
  let at = t - row * params.span;
  let n = row / params.blocks;
  let first = (row - n * params.blocks) * params.tile;
  let last = min(first + params.tile, params.channels);

  let item = params.logitsOffset + n * params.logitsBatchStride;
  let w = reversedAt(item, at);

  let xStart = (params.xOffset + n * params.xBatchStride) / $(VECTOR)u + at;
  let yStart = (params.yOffset + n * params.yBatchStride) / $(VECTOR)u + at;
  for (var c = first; c < last; c++) {
    let value = w * x[xStart + c * params.span];
#if NORMALIZE
    let scale = weight[params.weightOffset + c] * inverseSqrt(variance[params.varianceOffset + c] + params.eps);
    y[yStart + c * params.span] = (value - mean[params.meanOffset + c]) * scale + bias[params.biasOffset + c];
#else
    y[yStart + c * params.span] = value;
#end
  }
}
