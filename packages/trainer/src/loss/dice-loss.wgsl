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
// Tile and dispatch: see sum-rows.part.wgsl; a row is a map.
#let SUMS = 3

struct Params {
  xOffset: u32, xBatchStride: u32,
  tOffset: u32, tBatchStride: u32,
  channels: u32,
#include "@infnet/core/kernels/sum-rows-params.part.wgsl"
}

@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> t: array<f32>;

#include "@infnet/core/kernels/sum-rows.part.wgsl"
#include "@infnet/nn/elementwise/logistic.part.wgsl"

/// Where a map begins in x and t.
struct Row {
  x: u32,
  t: u32,
}

fn rowOf(map: u32) -> Row {
  let n = map / params.channels;
  let inside = (map - n * params.channels) * params.rowSize;
  return Row(params.xOffset + n * params.xBatchStride + inside, params.tOffset + n * params.tBatchStride + inside);
}

fn terms(row: Row, i: u32) -> Terms {
  let truth = t[row.t + i];
#if SIGMOID
  let p = sigmoid(x[row.x + i]);
  let q = oneMinusSigmoid(x[row.x + i]);
#else
  let p = x[row.x + i];
  let q = 1.0 - p;
#end
  return Terms(p * truth, p + truth, p * (1.0 - truth) + q * truth);
}
