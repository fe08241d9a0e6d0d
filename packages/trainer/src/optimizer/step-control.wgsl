// trainer/step-control: decides whether this step may change anything, and by how much gradients are scaled.
//
//   finite = the loss and every gradient are numbers (looked up in their bits); where the norm clips, it and the
//            factor must be numbers too: a norm over 3e38 would make every gradient 0
//   norm   = gradientScale * sqrt(sum over parameters of their sums of squares, see squares.part.wgsl)
//   scale  = gradientScale * min(1, maxNorm / (norm + 1e-6)), without the second factor where maxNorm is 0
//   moves  = whether the step shall change anything, and finite
//   looks  = moves, and a gradient's magnitude is above what is known to be harmless: only then new values are
//            looked at before they are stored (state-bounds.ts)
//
//   statistics  [count, 2]  read from statisticsOffset on (gradient-statistics-total.wgsl)
//   loss        [1]         read at lossOffset
//   numbers     [9]         read from numbersOffset on (step-numbers.part.wgsl)
//   result      [9]         written from resultOffset on (step-control.part.wgsl)
//
// Tile: one workgroup; 64 invocations take every 64th parameter, invocation 0 joins them in order. Dispatch: 1
// workgroup.

struct Params {
  statisticsOffset: u32, lossOffset: u32, numbersOffset: u32, resultOffset: u32,
  count: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> statistics: array<u32>;
@group(0) @binding(2) var<storage, read> loss: array<u32>;
@group(0) @binding(3) var<storage, read> numbers: array<f32>;
@group(0) @binding(4) var<storage, read_write> result: array<f32>;

var<workgroup> squares: array<f32, 64>;
var<workgroup> largest: array<u32, 64>;

/// The smallest normal float: a device may take what is below it for 0.
const SMALLEST = 1.1754944e-38f;

#include "./squares.part.wgsl"
#include "./step-numbers.part.wgsl"
#include "./step-control.part.wgsl"
#include "./write-control.part.wgsl"

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
    let now = stepNumbers(params.numbersOffset);
    let norm = now.gradientScale * rootOfSquares(sum);
    let shrink = select(1.0, min(1.0, now.maxNorm / (norm + 1e-6)), now.maxNorm > 0.0);
    let clips = now.maxNorm <= 0.0 || (!overflowed(norm) && now.gradientScale * shrink >= SMALLEST);
    let finite = top < INFINITE && (loss[params.lossOffset] & 0x7fffffffu) < INFINITE && clips;
    let largestGradient = bitcast<f32>(min(top, INFINITE));
    let moves = select(0.0, now.moves, finite);
    let looks = select(0.0, moves, largestGradient > now.harmless);
    store(params.resultOffset, StepControl(
      moves, now.gradientScale * shrink, norm, largestGradient, select(0.0, 1.0, finite), looks, 0.0, 0.0, 0.0,
    ));
  }
}
