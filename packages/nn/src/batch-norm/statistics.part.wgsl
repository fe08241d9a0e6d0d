// What batch norm keeps of a channel: what is normalised by, and (RUNNING 1) the running statistics.
@group(0) @binding(2) var<storage, read_write> statistics: array<f32>;
#if RUNNING
@group(0) @binding(3) var<storage, read_write> newMean: array<f32>;
@group(0) @binding(4) var<storage, read_write> newVar: array<f32>;
@group(0) @binding(5) var<storage, read> runningMean: array<f32>;
@group(0) @binding(6) var<storage, read> runningVar: array<f32>;
#end

// Writes the statistics of channel `c` from the moments of its values.
fn writeStatistics(c: u32, found: Moments) {
  let mean = meanOf(found);
  statistics[params.statisticsOffset + c] = mean.x;
  statistics[params.statisticsOffset + params.count + c] = inverseSqrt(found.m2 / found.count + params.eps);
  statistics[params.statisticsOffset + 2u * params.count + c] = mean.y;
#if RUNNING
  let oldMean = runningMean[params.runningMeanOffset + c];
  let oldVar = runningVar[params.runningVarOffset + c];
  let kept = 1.0 - params.momentum;
  newMean[params.newMeanOffset + c] = kept * oldMean + params.momentum * (found.pivot + found.mean);
  newVar[params.newVarOffset + c] = kept * oldVar + params.momentum * (found.m2 / (found.count - 1.0));
#end
}
