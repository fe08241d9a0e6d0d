// trainer/moving-average: the mean of a parameter over time, with old values fading.
//
//   average = average + rate (value - average)        equal values stay equal, to the bit
//
//   average  [count]  changed in place
//   value    [count]  read
//   rate     [1]      read: 1 - decay
//
// Tile: one value per invocation. Dispatch: ceil(count / 64) workgroups in a line.

struct Params {
  count: u32,
  rateOffset: u32,
}

@group(0) @binding(1) var<storage, read_write> average: array<f32>;
@group(0) @binding(2) var<storage, read> value: array<f32>;
@group(0) @binding(3) var<storage, read> rate: array<f32>;

#include "@infnet/core/kernels/each.part.wgsl"

fn each(i: u32) {
  average[i] += rate[params.rateOffset] * (value[i] - average[i]);
}
