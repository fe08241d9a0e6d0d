// One step of an optimiser for many parameters at once: what it is bound to, and its way through the values. MOMENTS is
// how many moments it keeps; `stepped` makes a value's new state of the old one.
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
@group(0) @binding(0) var<uniform> params: Params;
#if CHECK
@group(0) @binding(1) var<storage, read> p: array<f32>;
#if MOMENTS > 0
@group(0) @binding(2) var<storage, read> m: array<f32>;
#end
#if MOMENTS > 1
@group(0) @binding(3) var<storage, read> v: array<f32>;
#end
@group(0) @binding(8) var<storage, read_write> largest: array<u32>;
#include "./largest-values.part.wgsl"
#else
@group(0) @binding(1) var<storage, read_write> p: array<f32>;
#if MOMENTS > 0
@group(0) @binding(2) var<storage, read_write> m: array<f32>;
#end
#if MOMENTS > 1
@group(0) @binding(3) var<storage, read_write> v: array<f32>;
#end
#end
@group(0) @binding(4) var<storage, read> g: array<f32>;
@group(0) @binding(5) var<storage, read> segments: array<u32>;
@group(0) @binding(6) var<storage, read> numbers: array<f32>;
@group(0) @binding(7) var<storage, read> control: array<f32>;
#include "./segment.part.wgsl"
#include "./step-numbers.part.wgsl"
#include "./step-control.part.wgsl"
#include "./read-control.part.wgsl"

/// A value of a parameter and its moments.
struct State {
  p: f32,
  m: f32,
  v: f32,
}

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
  let ofG = params.gOffset + segment.lineStart;
  let rates = ratesOf(now, segment);
  for (var i = group.x * 64u + lane; i < segment.count; i += params.groups * 64u) {
    let gradient = clamp(verdict.scale * g[ofG + i], -now.limit, now.limit);
    var old = State(p[segment.slabStart + i], 0.0, 0.0);
#if MOMENTS > 0
    old.m = m[segment.stateStart + i];
#end
#if MOMENTS > 1
    old.v = v[segment.stateStart + i];
#end
    let made = stepped(old, gradient, rates);
#if CHECK
    most = max(most, vec3u(magnitude(made.p), magnitude(made.m), magnitude(made.v)));
  }
  tell(most, group, lane);
#else
#if MOMENTS > 0
    m[segment.stateStart + i] = made.m;
#end
#if MOMENTS > 1
    v[segment.stateStart + i] = made.v;
#end
    p[segment.slabStart + i] = made.p;
  }
#end
}
