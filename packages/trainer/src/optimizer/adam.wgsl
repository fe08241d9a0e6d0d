// trainer/adam: one step of Adam (or AdamW) for many parameters at once.
//
//   g = clamp(scale * gradient, -limit, limit)        + decay * p          DECOUPLED 0 (Adam: L2)
//   p = p * (1 - rate * decay)                                             DECOUPLED 1 (AdamW)
//   m = beta1 m + (1 - beta1) g
//   v = beta2 v + (1 - beta2) g g
//   p = p - rate / (1 - beta1^t) * m / (sqrt(v) / sqrt(1 - beta2^t) + eps)
//
//   p         [slab]         changed in place: parameters
//   m, v      [slab]         changed in place: the moments
//   g         [line]         read: gradients
//   segments  [segments, 8]  read: where each parameter lies in all of them (segment.part.wgsl)
//   numbers   [9]            read from numbersOffset on: learning rate, corrections, limit (step-numbers.part.wgsl)
//   control   [9]            read from controlOffset on: whether to change anything, scale (step-control.part.wgsl)
//
//   largest   [segments, groups, 3]  written from largestOffset on (CHECK 1 only): largest magnitudes of the new p, m,
//             v
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
  beta1: f32, rest1: f32,
  beta2: f32, rest2: f32,
  eps: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
#if CHECK
@group(0) @binding(1) var<storage, read> p: array<f32>;
@group(0) @binding(2) var<storage, read> m: array<f32>;
@group(0) @binding(3) var<storage, read> v: array<f32>;
#else
@group(0) @binding(1) var<storage, read_write> p: array<f32>;
@group(0) @binding(2) var<storage, read_write> m: array<f32>;
@group(0) @binding(3) var<storage, read_write> v: array<f32>;
#end
@group(0) @binding(4) var<storage, read> g: array<f32>;
@group(0) @binding(5) var<storage, read> segments: array<u32>;
@group(0) @binding(6) var<storage, read> numbers: array<f32>;
@group(0) @binding(7) var<storage, read> control: array<f32>;
#if CHECK
@group(0) @binding(8) var<storage, read_write> largest: array<u32>;
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
  let decay = segment.weightDecay;
  let step = rate * now.unbias1;
  for (var i = group.x * 64u + lane; i < segment.count; i += params.groups * 64u) {
    var gradient = clamp(verdict.scale * g[ofG + i], -now.limit, now.limit);
    var value = p[ofP + i];
#if DECOUPLED
    value *= 1.0 - rate * decay;
#else
    gradient += decay * value;
#end
    let first = params.beta1 * m[ofM + i] + params.rest1 * gradient;
    let second = params.beta2 * v[ofM + i] + params.rest2 * gradient * gradient;
#if CHECK
    let moved = value - step * first / (sqrt(second) * now.unbias2 + params.eps);
    most = max(most, vec3u(magnitude(moved), magnitude(first), magnitude(second)));
  }
  tell(most, group, lane);
#else
    m[ofM + i] = first;
    v[ofM + i] = second;
    p[ofP + i] = value - step * first / (sqrt(second) * now.unbias2 + params.eps);
  }
#end
}
