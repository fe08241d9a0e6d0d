// edge-attention/edge-loss: compares logits with the edge of a mask, which it derives on the way.
//
//   t = edge(mask)                                   as in mask-edge.wgsl
//   f = max(z, 0) - z t + log(1 + exp(-|z|))         binary cross entropy of sigmoid(z) with t, never overflowing
//   partial[group] = sum of f over the group's values; sum-partials.wgsl adds them and divides by their number
//
//   logits   [N, C, H, W]  read: batch item n is contiguous and starts at logitsOffset + n * logitsBatchStride
//   mask     [N, C, H, W]  read, likewise
//   partial  [N * groupsPerItem]  written
//
// Tile: 64 invocations sum `rounds` values each, 64 apart; then invocation 0 adds their 64 sums in order, so the result
// has the same bits every time. Dispatch: N * groupsPerItem workgroups in a line.

struct Params {
  logitsOffset: u32, logitsBatchStride: u32,
  maskOffset: u32, maskBatchStride: u32,
  itemSize: u32,
  height: u32, width: u32,
  rounds: u32,
  groupsPerItem: u32,
  count: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read> mask: array<f32>;
@group(0) @binding(3) var<storage, read_write> partial: array<f32>;

var<workgroup> sums: array<f32, 64>;

#include "../../nn/src/elementwise/logistic.part.wgsl"

#include "./edge-at.part.wgsl"

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let t = group.y * groups.x + group.x;
  let n = t / params.groupsPerItem;
  var sum = 0.0;
  if (t < params.count) {
    let fromLogits = params.logitsOffset + n * params.logitsBatchStride;
    let fromMask = params.maskOffset + n * params.maskBatchStride;
    let first = (t - n * params.groupsPerItem) * params.rounds * 64u + lane;
    for (var round = 0u; round < params.rounds; round++) {
      let i = first + round * 64u;
      if (i < params.itemSize) {
        let z = logits[fromLogits + i];
        sum += logisticCrossEntropy(z, edgeAt(fromMask, i));
      }
    }
  }
  sums[lane] = sum;
  workgroupBarrier();
  if (lane == 0u && t < params.count) {
    for (var k = 1u; k < 64u; k++) { sum += sums[k]; }
    partial[t] = sum;
  }
}
