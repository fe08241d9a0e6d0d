// trainer/joint-loss: the sums that the joint loss of the paper (section III-D, weights of F3Net) is made of.
//
//   w = 1 + 5 |pooled - t|        heavy where the mask changes within 31 x 31 pixels
//   p = sigmoid(z)
//   f = max(z, 0) - z t + log(1 + exp(-|z|))
//   partial[group] = sums over the group's values of  f,  w f,  w,  p t w,  (p + t) w,  (p (1 - t) + (1 - p) t) w
//
// The last one is S - 2 I of the loss without its cancellation.
//
//   z        [N, item]  read: batch item n is contiguous and starts at zOffset + n * zBatchStride; logits
//   t        [N, item]  read, likewise; the mask, 0 to 1
//   pooled   [N, item]  read, likewise; the mask's 31 x 31 average
//   partial  [N * groupsPerRow, 6]  written
//
// Tile: 64 invocations sum `rounds` values each, 64 apart; then invocations 0 to 5 add one column of the 64 sums in
// order.
// Dispatch: N * groupsPerRow workgroups in a line.

struct Params {
  zOffset: u32, zBatchStride: u32,
  tOffset: u32, tBatchStride: u32,
  pooledOffset: u32, pooledBatchStride: u32,
  item: u32,
  rounds: u32,
  groupsPerRow: u32,
  count: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> z: array<f32>;
@group(0) @binding(2) var<storage, read> t: array<f32>;
@group(0) @binding(3) var<storage, read> pooled: array<f32>;
@group(0) @binding(4) var<storage, read_write> partial: array<f32>;

/// Column k of lane l at k * 64 + l.
var<workgroup> sums: array<f32, 384>;

#include "../../../nn/src/elementwise/logistic.part.wgsl"

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let g = group.y * groups.x + group.x;
  let n = g / params.groupsPerRow;
#for k in 0..6
  var sum$(k) = 0.0;
#end
  if (g < params.count) {
    let fromZ = params.zOffset + n * params.zBatchStride;
    let fromT = params.tOffset + n * params.tBatchStride;
    let fromPooled = params.pooledOffset + n * params.pooledBatchStride;
    let first = (g - n * params.groupsPerRow) * params.rounds * 64u + lane;
    for (var round = 0u; round < params.rounds; round++) {
      let i = first + round * 64u;
      if (i < params.item) {
        let value = z[fromZ + i];
        let truth = t[fromT + i];
        let w = 1.0 + 5.0 * abs(pooled[fromPooled + i] - truth);
        let p = sigmoid(value);
        let f = logisticCrossEntropy(value, truth);
        sum0 += f;
        sum1 += w * f;
        sum2 += w;
        sum3 += p * truth * w;
        sum4 += (p + truth) * w;
        sum5 += (p * (1.0 - truth) + oneMinusSigmoid(value) * truth) * w;
      }
    }
  }
#for k in 0..6
  sums[$(k * 64)u + lane] = sum$(k);
#end
  workgroupBarrier();
  if (lane < 6u && g < params.count) {
    var sum = 0.0;
    for (var l = 0u; l < 64u; l++) { sum += sums[lane * 64u + l]; }
    partial[g * 6u + lane] = sum;
  }
}
