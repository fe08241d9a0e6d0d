// core/sum-partials: y[0] = factor * (partial[0] + partial[1] + ...), in a fixed order.
//
//   partial  [count]  read
//   y        [1]      written at yOffset
//
// Tile: one workgroup; 64 invocations sum every 64th value each, then invocation 0 adds their sums. Dispatch: 1
// workgroup.

struct Params {
  yOffset: u32,
  count: u32,
  factor: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> partial: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

var<workgroup> sums: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32) {
  var sum = 0.0;
  for (var i = lane; i < params.count; i += 64u) { sum += partial[i]; }
  sums[lane] = sum;
  workgroupBarrier();
  if (lane == 0u) {
    for (var k = 1u; k < 64u; k++) { sum += sums[k]; }
    y[params.yOffset] = params.factor * sum;
  }
}
