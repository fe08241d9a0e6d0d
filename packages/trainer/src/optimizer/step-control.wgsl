// trainer/step-control: decides whether this step may change anything, and by how much gradients are scaled.
//
//   finite = the loss and every gradient are numbers                     (looked up in their bits); where the norm clips, it and
//            the factor must be numbers too: a norm over 3e38 would make every gradient 0
//   norm   = gradientScale * sqrt(sum over parameters of their sums of squares, see squares.part.wgsl)
//   scale  = gradientScale * min(1, maxNorm / (norm + 1e-6)), without the second factor where maxNorm is 0
//   control = finite and apply, scale, norm, largest magnitude, finite, 0, 0, 0
//
//   statistics  [count, 2]  read from statisticsOffset on (gradient-statistics-total.wgsl)
//   loss        [1]         read at lossOffset
//   hyper       [8]         read: learning rate, 1 / bias 1, 1 / sqrt(bias 2), gradientScale, limit, maxNorm, keep, apply
//   control     [8]         written from controlOffset on
//
// Tile: one workgroup; 64 invocations take every 64th parameter, invocation 0 joins them in order. Dispatch: 1 workgroup.

struct Params {
  statisticsOffset: u32,
  lossOffset: u32,
  hyperOffset: u32,
  controlOffset: u32,
  count: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> statistics: array<u32>;
@group(0) @binding(2) var<storage, read> loss: array<u32>;
@group(0) @binding(3) var<storage, read> hyper: array<f32>;
@group(0) @binding(4) var<storage, read_write> control: array<f32>;

var<workgroup> squares: array<f32, 64>;
var<workgroup> largest: array<u32, 64>;

/// The smallest normal float: a device may take what is below it for 0.
const SMALLEST = 1.1754944e-38f;

#include "./squares.part.wgsl"

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32) {
  var sum = 0.0;
  var top = 0u;
  for (var i = lane; i < params.count; i += 64u) {
    sum = addSquares(sum, bitcast<f32>(statistics[params.statisticsOffset + i * 2u]));
    top = max(top, statistics[params.statisticsOffset + i * 2u + 1u]);
  }
  squares[lane] = sum;
  largest[lane] = top;
  workgroupBarrier();
  if (lane == 0u) {
    for (var l = 1u; l < 64u; l++) {
      sum = addSquares(sum, squares[l]);
      top = max(top, largest[l]);
    }
    let gradientScale = hyper[params.hyperOffset + 3u];
    let maxNorm = hyper[params.hyperOffset + 5u];
    let norm = gradientScale * rootOfSquares(sum);
    let shrink = select(1.0, min(1.0, maxNorm / (norm + 1e-6)), maxNorm > 0.0);
    let clips = maxNorm <= 0.0 || (!overflowed(norm) && gradientScale * shrink >= SMALLEST);
    let finite = top < INFINITE && (loss[params.lossOffset] & 0x7fffffffu) < INFINITE && clips;
    control[params.controlOffset] = select(0.0, hyper[params.hyperOffset + 7u], finite);
    control[params.controlOffset + 1u] = gradientScale * shrink;
    control[params.controlOffset + 2u] = norm;
    control[params.controlOffset + 3u] = bitcast<f32>(min(top, INFINITE));
    control[params.controlOffset + 4u] = select(0.0, 1.0, finite);
    control[params.controlOffset + 5u] = 0.0;
    control[params.controlOffset + 6u] = 0.0;
    control[params.controlOffset + 7u] = 0.0;
  }
}
