// trainer/bce: sums of the binary cross entropy of predictions x with targets t.
//
//   LOGITS 1:  f = max(x, 0) - x t + log(1 + exp(-|x|))                       x is a logit; never overflows
//   LOGITS 0:  f = -t max(log x, -100) - (1 - t) max(log(1 - x), -100)        x is a probability, else NaN
//   partial[group] = sum of f over the group's values; core/sum-partials adds them and takes the mean
//
//   x        [N, item]  read: batch item n is contiguous and starts at xOffset + n * xBatchStride
//   t        [N, item]  read, likewise
//   partial  [N * groupsPerRow]  written
//
// Tile: 64 invocations sum `rounds` values each, 64 apart; then invocation 0 adds their 64 sums in order, so the result
// has the same bits every time. Dispatch: N * groupsPerRow workgroups in a line.

struct Params {
  xOffset: u32, xBatchStride: u32,
  tOffset: u32, tBatchStride: u32,
  item: u32,
  rounds: u32,
  groupsPerRow: u32,
  count: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> t: array<f32>;
@group(0) @binding(3) var<storage, read_write> partial: array<f32>;

var<workgroup> sums: array<f32, 64>;

#include "../../../nn/src/elementwise/logistic.part.wgsl"

#include "./clamped-log.part.wgsl"

#if LOGITS
fn f(z: f32, truth: f32) -> f32 {
  return logisticCrossEntropy(z, truth);
}
#else
/// NaN unless p is a probability: PyTorch refuses such a p, a kernel cannot.
fn f(p: f32, truth: f32) -> f32 {
  if (!isProbability(p)) { return nan(); }
  return -truth * clampedLog(p) - (1.0 - truth) * clampedLog(1.0 - p);
}
#end

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let g = group.y * groups.x + group.x;
  let n = g / params.groupsPerRow;
  var sum = 0.0;
  if (g < params.count) {
    let fromX = params.xOffset + n * params.xBatchStride;
    let fromT = params.tOffset + n * params.tBatchStride;
    let first = (g - n * params.groupsPerRow) * params.rounds * 64u + lane;
    for (var round = 0u; round < params.rounds; round++) {
      let i = first + round * 64u;
      if (i < params.item) { sum += f(x[fromX + i], t[fromT + i]); }
    }
  }
  sums[lane] = sum;
  workgroupBarrier();
  if (lane == 0u && g < params.count) {
    for (var k = 1u; k < 64u; k++) { sum += sums[k]; }
    partial[g] = sum;
  }
}
