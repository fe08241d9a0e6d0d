// trainer/cross-entropy: sums of the cross entropy of softmax(x) over channels with a target per pixel.
//
//   CLASSES 1:  f = log(sum over c of exp x_c) - x_t                            t is the pixel's class
//   CLASSES 0:  f = sum over c of t_c (log(sum exp x) - x_c)                    t is a distribution over classes
//   partial[group] = sum of f over the group's pixels; core/sum-partials adds them and takes the mean
//
//   x        [N, C, area]  read: batch item n is contiguous and starts at xOffset + n * xBatchStride
//   t        [N, area] u32 or i32 (CLASSES 1) or [N, C, area] f32  read, likewise
//   partial  [N * groupsPerRow]  written; with CLASSES 1 [N * groupsPerRow, 2], the second one the bits of the number
//            of pixels counted, and trainer/cross-entropy-total takes the mean
//
// A pixel of the class `ignored` is not counted. A class outside of 0 to C - 1 makes the sum NaN: the plan refuses such
// labels where it sees them (inputs), a kernel cannot. So do a NaN logit and one of +Infinity, as in PyTorch.
//
// The largest logit of a pixel is taken off first, so nothing overflows, and only then the target's, so that
// log(total) + (largest - x_t) keeps the digits of a small loss: log(1 + the others) where they are few.
// Tile: 64 invocations sum `rounds` pixels each, 64 apart; then invocation 0 adds their 64 sums in order.
// Dispatch: N * groupsPerRow workgroups in a line.

struct Params {
  xOffset: u32, xBatchStride: u32,
  tOffset: u32, tBatchStride: u32,
  channels: u32,
  area: u32,
#include "@infnet/core/kernels/sum-rows-params.part.wgsl"
#if CLASSES
  ignored: u32,
#end
}

#if CLASSES
alias Target = u32;
#else
alias Target = f32;
#end

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> t: array<Target>;
#if CLASSES
@group(0) @binding(3) var<storage, read_write> partial: array<vec2<u32>>;
#else
@group(0) @binding(3) var<storage, read_write> partial: array<f32>;
#end

var<workgroup> sums: array<f32, 64>;
#if CLASSES
var<workgroup> counts: array<u32, 64>;
#end

#include "@infnet/nn/elementwise/logistic.part.wgsl"
#include "./softmax-sums.part.wgsl"

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let g = group.y * groups.x + group.x;
  let n = g / params.groupsPerRow;
  var sum = 0.0;
#if CLASSES
  var counted = 0u;
#end
  if (g < params.count) {
    let first = (g - n * params.groupsPerRow) * params.rounds * 64u + lane;
    for (var round = 0u; round < params.rounds; round++) {
      let i = first + round * 64u;
      if (i < params.rowSize) {
        let fromX = params.xOffset + n * params.xBatchStride + i;
        let fromT = params.tOffset + n * params.tBatchStride + i;
#if CLASSES
        let label = t[fromT];
        if (label == params.ignored) { continue; }
        counted += 1u;
        if (label >= params.channels) {
          sum = nan();
          continue;
        }
#end
        let found = softmaxSums(fromX);
        let level = select(log(1.0 + found.rest), logOnePlus(found.rest), found.rest <= 1.0);
#if CLASSES
        sum += keepNan(level + (found.largest - x[fromX + label * params.area]), found.largest);
#else
        for (var c = 0u; c < params.channels; c++) {
          sum += t[fromT + c * params.area] * keepNan(level + (found.largest - x[fromX + c * params.area]), found.largest);
        }
#end
      }
    }
  }
  sums[lane] = sum;
#if CLASSES
  counts[lane] = counted;
#end
  workgroupBarrier();
  if (lane == 0u && g < params.count) {
    for (var k = 1u; k < 64u; k++) {
      sum += sums[k];
#if CLASSES
      counted += counts[k];
#end
    }
#if CLASSES
    partial[g] = vec2<u32>(bitcast<u32>(sum), counted);
#else
    partial[g] = sum;
#end
  }
}
