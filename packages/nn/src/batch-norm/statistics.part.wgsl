// What batch norm keeps of a channel: what is normalised by, and the running statistics.
@group(0) @binding(2) var<storage, read_write> statistics: array<f32>;
@group(0) @binding(3) var<storage, read_write> newMean: array<f32>;
@group(0) @binding(4) var<storage, read_write> newVar: array<f32>;
@group(0) @binding(5) var<storage, read> runningMean: array<f32>;
@group(0) @binding(6) var<storage, read> runningVar: array<f32>;

// Writes the statistics of channel `c` from its `count` values' mean and sum of squared deviations.
fn writeStatistics(c: u32, count: f32, mean: f32, m2: f32) {
  statistics[params.statisticsOffset + c] = mean;
  statistics[params.statisticsOffset + params.count + c] = inverseSqrt(m2 / count + params.eps);
  let oldMean = runningMean[params.runningMeanOffset + c];
  let oldVar = runningVar[params.runningVarOffset + c];
  newMean[params.newMeanOffset + c] = (1.0 - params.momentum) * oldMean + params.momentum * mean;
  newVar[params.newVarOffset + c] = (1.0 - params.momentum) * oldVar + params.momentum * (m2 / (count - 1.0));
}
