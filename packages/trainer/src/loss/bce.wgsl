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
// Tile and dispatch: see sum-rows.part.wgsl; a row is a batch item.
#let SUMS = 1

struct Params {
  xOffset: u32, xBatchStride: u32,
  tOffset: u32, tBatchStride: u32,
#include "@infnet/core/kernels/sum-rows-params.part.wgsl"
}

@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> t: array<f32>;

#include "@infnet/core/kernels/sum-rows.part.wgsl"
#include "@infnet/nn/elementwise/logistic.part.wgsl"
#include "./clamped-log.part.wgsl"

/// Where a batch item begins in x and t.
struct Row {
  x: u32,
  t: u32,
}

fn rowOf(n: u32) -> Row {
  return Row(params.xOffset + n * params.xBatchStride, params.tOffset + n * params.tBatchStride);
}

fn terms(row: Row, i: u32) -> Terms {
  let prediction = x[row.x + i];
  let truth = t[row.t + i];
#if LOGITS
  return Terms(logisticCrossEntropy(prediction, truth));
#else
  // PyTorch refuses what is no probability, a kernel cannot.
  if (!isProbability(prediction)) { return Terms(nan()); }
  return Terms(-truth * clampedLog(prediction) - (1.0 - truth) * clampedLog(1.0 - prediction));
#end
}
