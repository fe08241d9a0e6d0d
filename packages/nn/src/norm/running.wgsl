// nn/instance-running: how a batch moves the running statistics of instance norm.
//
//   statistics [3, batch * C]  read: mean, 1 / sqrt(variance + eps) and what the mean's float lacks of every plane
//   runningMean, runningVar [C]  read;  newMean, newVar [C]  written:
//       (1 - momentum) old + momentum (the planes' mean or unbiased variance, averaged over the batch)
//
// `unbiased` = S / (S - 1) for planes of S values. Dispatch: ceil(C / 64) workgroups.

struct Params {
  statisticsOffset: u32,
  runningMeanOffset: u32, runningVarOffset: u32,
  newMeanOffset: u32, newVarOffset: u32,
  batch: u32,
  count: u32,
  eps: f32,
  momentum: f32,
  unbiased: f32,
}

@group(0) @binding(1) var<storage, read> statistics: array<f32>;
@group(0) @binding(2) var<storage, read> runningMean: array<f32>;
@group(0) @binding(3) var<storage, read> runningVar: array<f32>;
@group(0) @binding(4) var<storage, read_write> newMean: array<f32>;
@group(0) @binding(5) var<storage, read_write> newVar: array<f32>;

#include "@infnet/core/kernels/each.part.wgsl"

fn each(c: u32) {
  let planes = params.batch * params.count;
  var mean = 0.0;
  var variance = 0.0;
  for (var n = 0u; n < params.batch; n++) {
    let at = params.statisticsOffset + n * params.count + c;
    let inverse = statistics[at + planes];
    mean += statistics[at] + statistics[at + 2u * planes];
    variance += 1.0 / (inverse * inverse) - params.eps;
  }
  let share = params.momentum / f32(params.batch);
  let kept = 1.0 - params.momentum;
  newMean[params.newMeanOffset + c] = kept * runningMean[params.runningMeanOffset + c] + share * mean;
  newVar[params.newVarOffset + c] = kept * runningVar[params.runningVarOffset + c] + share * variance * params.unbiased;
}
