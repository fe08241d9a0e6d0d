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

#if VECTOR == 4
alias Value = vec4<f32>;
#else
alias Value = f32;
#end

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Value>;
@group(0) @binding(2) var<storage, read> logits: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<Value>;
#if NORMALIZE
@group(0) @binding(4) var<storage, read> weight: array<f32>;
@group(0) @binding(5) var<storage, read> bias: array<f32>;
@group(0) @binding(6) var<storage, read> mean: array<f32>;
@group(0) @binding(7) var<storage, read> variance: array<f32>;
#end

#include "../../core/src/kernels/nan.part.wgsl"

/// The logit at pixel p of the feature map; `item` is where the batch item's logits start.
fn logitAt(item: u32, p: u32) -> f32 {
#if RESIZE
  let row = p / params.width;
  let column = p - row * params.width;
  let v = max((f32(row) + 0.5) * params.rowStep - 0.5, 0.0);
  let u = max((f32(column) + 0.5) * params.columnStep - 0.5, 0.0);
  let top = min(u32(v), params.logitsHeight - 1u);
  let left = min(u32(u), params.logitsWidth - 1u);
  let upper = item + top * params.logitsWidth;
  let lower = item + min(top + select(0u, 1u, params.rowStep != 1.0), params.logitsHeight - 1u) * params.logitsWidth;
  let right = min(left + select(0u, 1u, params.columnStep != 1.0), params.logitsWidth - 1u);
  let fv = v - f32(top);
  let fu = u - f32(left);
  let above = (1.0 - fu) * logits[upper + left] + fu * logits[upper + right];
  let below = (1.0 - fu) * logits[lower + left] + fu * logits[lower + right];
  return (1.0 - fv) * above + fv * below;
#else
  return logits[item + p];
#end
}

/// 1 - sigmoid(a). exp stays finite: beyond 80 the weight is 0 to float32 anyway; at Infinity it is 0, at NaN NaN.
fn reverse(a: f32) -> f32 {
  let result = select(1.0 / (1.0 + exp(min(a, 80.0))), 0.0, bitcast<u32>(a) == 0x7f800000u);
  return keepNan(result, a);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let t = (group.y * groups.x + group.x) * 64u + lane;
  if (t >= params.count) { return; }
  let row = t / params.span;
  let at = t - row * params.span;
  let n = row / params.blocks;
  let first = (row - n * params.blocks) * params.tile;
  let last = min(first + params.tile, params.channels);

  let item = params.logitsOffset + n * params.logitsBatchStride;
  var w: Value;
#if VECTOR == 4
#for k in 0..4
  w[$(k)] = reverse(logitAt(item, at * 4u + $(k)u));
#end
#else
  w = reverse(logitAt(item, at));
#end

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
