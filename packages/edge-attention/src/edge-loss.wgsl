// edge-attention/edge-loss: compares logits with the edge of a mask, which it derives on the way.
//
//   t = edge(mask)                                   as in mask-edge.wgsl
//   f = max(z, 0) - z t + log(1 + exp(-|z|))         binary cross entropy of sigmoid(z) with t, never overflowing
//   partial[group] = sum of f over the group's values; sum-partials.wgsl adds them and divides by their number
//
//   logits   [N, C, H, W]  read: batch item n is contiguous and starts at logitsOffset + n * logitsBatchStride
//   mask     [N, C, H, W]  read, likewise
//   partial  [N * groupsPerRow]  written
//
// Tile and dispatch: see sum-rows.part.wgsl; a row is a batch item.
#let SUMS = 1

struct Params {
  logitsOffset: u32, logitsBatchStride: u32,
  maskOffset: u32, maskBatchStride: u32,
  height: u32, width: u32,
#include "@infnet/core/kernels/sum-rows-params.part.wgsl"
}

@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read> mask: array<f32>;

#include "@infnet/core/kernels/sum-rows.part.wgsl"
#include "@infnet/nn/elementwise/logistic.part.wgsl"
#include "./edge-at.part.wgsl"

/// Where a batch item begins in both.
struct Row {
  logits: u32,
  mask: u32,
}

fn rowOf(n: u32) -> Row {
  return Row(params.logitsOffset + n * params.logitsBatchStride, params.maskOffset + n * params.maskBatchStride);
}

fn terms(row: Row, i: u32) -> Terms {
  return Terms(logisticCrossEntropy(logits[row.logits + i], edgeAt(row.mask, i)));
}
