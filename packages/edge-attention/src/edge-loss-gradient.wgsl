// edge-attention/edge-loss-gradient: d[p] = g * factor * (sigmoid(logits[p]) - edge(mask)[p]), factor = 1 / (N C H W).
//
//   g       [1]           read at gOffset: gradient of the loss
//   logits  [N, C, H, W]  read: batch item n is contiguous and starts at logitsOffset + n * logitsBatchStride
//   mask    [N, C, H, W]  read, likewise; its edge is derived as in mask-edge.wgsl
//   d       [N, C, H, W]  written, likewise
//
// Tile: one value per invocation. Dispatch: ceil(N * C * H * W / 64) workgroups in a line.

struct Params {
  gOffset: u32,
  logitsOffset: u32, logitsBatchStride: u32,
  maskOffset: u32, maskBatchStride: u32,
  dOffset: u32, dBatchStride: u32,
  itemSize: u32,
  height: u32, width: u32,
  factor: f32,
  count: u32,
}

@group(0) @binding(1) var<storage, read> g: array<f32>;
@group(0) @binding(2) var<storage, read> logits: array<f32>;
@group(0) @binding(3) var<storage, read> mask: array<f32>;
@group(0) @binding(4) var<storage, read_write> d: array<f32>;

#include "./edge-at.part.wgsl"
#include "@infnet/nn/elementwise/logistic.part.wgsl"
#include "@infnet/core/kernels/each.part.wgsl"

fn each(t: u32) {
  let n = t / params.itemSize;
  let i = t - n * params.itemSize;
  let z = logits[params.logitsOffset + n * params.logitsBatchStride + i];
  let edge = edgeAt(params.maskOffset + n * params.maskBatchStride, i);
  d[params.dOffset + n * params.dBatchStride + i] = g[params.gOffset] * params.factor * sigmoidMinus(z, edge);
}
