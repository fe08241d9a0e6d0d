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

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> average: array<f32>;
@group(0) @binding(2) var<storage, read> value: array<f32>;
@group(0) @binding(3) var<storage, read> rate: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= params.count) { return; }
  average[i] += rate[params.rateOffset] * (value[i] - average[i]);
}
