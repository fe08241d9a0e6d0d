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
// Tile and dispatch: see sum-rows.part.wgsl; a row is a batch item.
#let SUMS = 6

struct Params {
  zOffset: u32, zBatchStride: u32,
  tOffset: u32, tBatchStride: u32,
  pooledOffset: u32, pooledBatchStride: u32,
#include "@infnet/core/kernels/sum-rows-params.part.wgsl"
}

@group(0) @binding(1) var<storage, read> z: array<f32>;
@group(0) @binding(2) var<storage, read> t: array<f32>;
@group(0) @binding(3) var<storage, read> pooled: array<f32>;

#include "@infnet/core/kernels/sum-rows.part.wgsl"
#include "@infnet/nn/elementwise/logistic.part.wgsl"

/// Where a batch item begins in z, t and pooled.
struct Row {
  z: u32,
  t: u32,
  pooled: u32,
}

fn rowOf(n: u32) -> Row {
  return Row(
    params.zOffset + n * params.zBatchStride,
    params.tOffset + n * params.tBatchStride,
    params.pooledOffset + n * params.pooledBatchStride,
  );
}

fn terms(row: Row, i: u32) -> Terms {
  let value = z[row.z + i];
  let truth = t[row.t + i];
  let w = 1.0 + 5.0 * abs(pooled[row.pooled + i] - truth);
  let p = sigmoid(value);
  let f = logisticCrossEntropy(value, truth);
  let wrong = p * (1.0 - truth) + oneMinusSigmoid(value) * truth;
  return Terms(f, w * f, w, p * truth * w, (p + truth) * w, wrong * w);
}
