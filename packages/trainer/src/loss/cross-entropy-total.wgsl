// trainer/cross-entropy-total: the mean over the pixels that cross-entropy.wgsl counted, and what its gradient
// multiplies by.
//
//   y = scale * sum,  scale = 1 / counted            (NaN and 0 where no pixel counts, as in PyTorch)
//
//   partial  [count, 2]  read: sums, and bits of the numbers of pixels
//   y, scale [1]         written at yOffset and scaleOffset
//
// Tile: one workgroup; 64 invocations sum every 64th part each, then invocation 0 adds their sums. Dispatch: 1
// workgroup.

struct Params {
  yOffset: u32,
  scaleOffset: u32,
  count: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> partial: array<vec2<u32>>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, read_write> scale: array<f32>;

var<workgroup> sums: array<f32, 64>;
var<workgroup> counts: array<u32, 64>;

#include "@infnet/core/kernels/nan.part.wgsl"

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32) {
  var sum = 0.0;
  var counted = 0u;
  for (var i = lane; i < params.count; i += 64u) {
    sum += bitcast<f32>(partial[i].x);
    counted += partial[i].y;
  }
  sums[lane] = sum;
  counts[lane] = counted;
  workgroupBarrier();
  if (lane == 0u) {
    for (var k = 1u; k < 64u; k++) {
      sum += sums[k];
      counted += counts[k];
    }
    let share = 1.0 / f32(counted);
    y[params.yOffset] = select(share * sum, nan(), counted == 0u);
    scale[params.scaleOffset] = select(share, 0.0, counted == 0u);
  }
}
