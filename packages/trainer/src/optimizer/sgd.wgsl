// trainer/sgd: one step of stochastic gradient descent for many parameters at once.
//
//   g = clamp(scale * gradient, -limit, limit) + decay * p
//   m = momentum m + g                                                     MOMENTUM 1; m starts at 0
//   p = p - rate * m            (rate * g without momentum)
//
//   p         [slab]         changed in place: parameters
//   m         [slab]         changed in place: momentum (MOMENTUM 1 only)
//   g         [line]         read: gradients
//   segments  [segments, 8]  read: where each parameter lies in all of them (segment.part.wgsl)
//   numbers   [9]            read from numbersOffset on: learning rate, limit (step-numbers.part.wgsl)
//   control   [9]            read from controlOffset on: whether to change anything, scale (step-control.part.wgsl)
//
//   largest   [segments, groups, 3]  written from largestOffset on (CHECK 1 only): largest magnitudes of the new p, m,
//             and 0
//
// CHECK 1 changes nothing: it is dispatched before, so that a step whose results are no numbers is void as a whole.
// Where the step is known to be harmless (step-control.wgsl) it ends at once, and leaves `largest` as it is.
//
// Tile: a workgroup walks through every groups-th block of 64 values of one parameter. Dispatch: groups x segments.

struct Params {
  gOffset: u32,
  numbersOffset: u32,
  controlOffset: u32,
  firstSegment: u32,
  groups: u32,
#if CHECK
  largestOffset: u32,
#end
  momentum: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
#if CHECK
@group(0) @binding(1) var<storage, read> p: array<f32>;
#else
@group(0) @binding(1) var<storage, read_write> p: array<f32>;
#end
@group(0) @binding(2) var<storage, read> g: array<f32>;
@group(0) @binding(3) var<storage, read> segments: array<u32>;
@group(0) @binding(4) var<storage, read> numbers: array<f32>;
@group(0) @binding(5) var<storage, read> control: array<f32>;
#if MOMENTUM && CHECK
@group(0) @binding(6) var<storage, read> m: array<f32>;
#end
#if MOMENTUM && !CHECK
@group(0) @binding(6) var<storage, read_write> m: array<f32>;
#end
#if CHECK
@group(0) @binding(7) var<storage, read_write> largest: array<u32>;
#include "./largest-values.part.wgsl"
#end
#include "./segment.part.wgsl"
#include "./step-numbers.part.wgsl"
#include "./step-control.part.wgsl"
#include "./read-control.part.wgsl"

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let verdict = stepControl(params.controlOffset);
#if CHECK
  if (verdict.looks == 0.0) { return; }
  var most = vec3u(0u);
#else
  if (verdict.moves == 0.0) { return; }
#end
  let segment = segmentOf(params.firstSegment + group.y);
  let now = stepNumbers(params.numbersOffset);
  let ofP = segment.slabStart;
  let ofG = params.gOffset + segment.lineStart;
  let ofM = segment.stateStart;
  let rate = now.learningRate * segment.learningRate;
  for (var i = group.x * 64u + lane; i < segment.count; i += params.groups * 64u) {
    let value = p[ofP + i];
    let gradient = clamp(verdict.scale * g[ofG + i], -now.limit, now.limit) + segment.weightDecay * value;
#if MOMENTUM
    let moved = params.momentum * m[ofM + i] + gradient;
#else
    let moved = gradient;
#end
#if CHECK
    most = max(most, vec3u(magnitude(value - rate * moved), magnitude(moved), 0u));
  }
  tell(most, group, lane);
#else
#if MOMENTUM
    m[ofM + i] = moved;
#end
    p[ofP + i] = value - rate * moved;
  }
#end
}
