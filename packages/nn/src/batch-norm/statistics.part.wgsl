// What batch norm keeps of a channel: what is normalised by, and (RUNNING 1) the running statistics.
@group(0) @binding(2) var<storage, read_write> statistics: array<f32>;
#if RUNNING
@group(0) @binding(3) var<storage, read_write> newMean: array<f32>;
@group(0) @binding(4) var<storage, read_write> newVar: array<f32>;
@group(0) @binding(5) var<storage, read> runningMean: array<f32>;
@group(0) @binding(6) var<storage, read> runningVar: array<f32>;
#end

// Writes the statistics of channel `c` from its `count` values' mean, which is pivot + rest, and sum of squared
// deviations.
//
// The mean is kept as two floats: around 1000 one float is off by up to 3e-5, and so would be every value of a channel
// whose deviation is 1. The first one is the float below or at the rounded sum, made by cutting off a bit: a compiler
// that rearranges float arithmetic cannot see through that, and so cannot find that the second one "is 0".
fn writeStatistics(c: u32, count: f32, pivot: f32, rest: f32, m2: f32) {
  let mean = pivot + rest;
  let high = bitcast<f32>(bitcast<u32>(mean) & 0xfffffffeu);
  statistics[params.statisticsOffset + c] = high;
  statistics[params.statisticsOffset + params.count + c] = inverseSqrt(m2 / count + params.eps);
  statistics[params.statisticsOffset + 2u * params.count + c] = (pivot - high) + rest;
#if RUNNING
  let oldMean = runningMean[params.runningMeanOffset + c];
  let oldVar = runningVar[params.runningVarOffset + c];
  newMean[params.newMeanOffset + c] = (1.0 - params.momentum) * oldMean + params.momentum * mean;
  newVar[params.newVarOffset + c] = (1.0 - params.momentum) * oldVar + params.momentum * (m2 / (count - 1.0));
#end
}
