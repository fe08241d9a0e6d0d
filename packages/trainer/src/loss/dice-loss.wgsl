// trainer/dice-loss: the sums that the Dice loss is made of, for each map (image and channel).
//
//   p = sigmoid(x) with SIGMOID 1, else x
//   partial[group] = sums over the group's values of  p t,  p + t,  p (1 - t) + (1 - p) t
//
// The last one is S - 2 I of the loss without its cancellation: a map that is nearly right keeps the digits of what is
// wrong.
//
//   x        [N, C, area]  read: batch item n is contiguous and starts at xOffset + n * xBatchStride
//   t        [N, C, area]  read, likewise
//   partial  [N * C * groupsPerRow, 3]  written
//
// Tile: 64 invocations sum `rounds` values each, 64 apart; then invocations 0 to 2 add one column of the 64 sums in
// order.
// Dispatch: N * C * groupsPerRow workgroups in a line.

struct Params {
  xOffset: u32, xBatchStride: u32,
  tOffset: u32, tBatchStride: u32,
  channels: u32,
  area: u32,
  rounds: u32,
  groupsPerRow: u32,
  count: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> t: array<f32>;
@group(0) @binding(3) var<storage, read_write> partial: array<f32>;

var<workgroup> sums: array<f32, 192>;

#include "../../../nn/src/elementwise/logistic.part.wgsl"

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let g = group.y * groups.x + group.x;
  let map = g / params.groupsPerRow;
  let n = map / params.channels;
  let c = map - n * params.channels;
  var overlap = 0.0;
  var total = 0.0;
  var wrong = 0.0;
  if (g < params.count) {
    let fromX = params.xOffset + n * params.xBatchStride + c * params.area;
    let fromT = params.tOffset + n * params.tBatchStride + c * params.area;
    let first = (g - map * params.groupsPerRow) * params.rounds * 64u + lane;
    for (var round = 0u; round < params.rounds; round++) {
      let i = first + round * 64u;
      if (i < params.area) {
        let truth = t[fromT + i];
#if SIGMOID
        let p = sigmoid(x[fromX + i]);
        let q = oneMinusSigmoid(x[fromX + i]);
#else
        let p = x[fromX + i];
        let q = 1.0 - p;
#end
        overlap += p * truth;
        total += p + truth;
        wrong += p * (1.0 - truth) + q * truth;
      }
    }
  }
  sums[lane] = overlap;
  sums[64u + lane] = total;
  sums[128u + lane] = wrong;
  workgroupBarrier();
  if (lane < 3u && g < params.count) {
    var sum = 0.0;
    for (var l = 0u; l < 64u; l++) { sum += sums[lane * 64u + l]; }
    partial[g * 3u + lane] = sum;
  }
}
