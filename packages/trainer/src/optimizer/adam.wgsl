// trainer/adam: one step of Adam (or AdamW) for many parameters at once.
//
//   g = clamp(scale * gradient, -limit, limit)        + decay * p          DECOUPLED 0 (Adam: L2)
//   p = p * (1 - rate * decay)                                             DECOUPLED 1 (AdamW)
//   m = beta1 m + (1 - beta1) g
//   v = beta2 v + (1 - beta2) g g
//   p = p - rate / (1 - beta1^t) * m / (sqrt(v) / sqrt(1 - beta2^t) + eps)
//
//   p         [slab]         changed in place: parameters, at field 0 of their segments
//   m, v      [slab]         changed in place: the moments, at field 2
//   g         [line]         read: gradients, at field 1
//   segments  [segments, 8]  read: starts (0 to 2), number of values (3), bits of the parameter's factor of the learning rate
//                            (4) and of its decay (5)
//   hyper     [8]            read: learning rate, 1 / (1 - beta1^t), 1 / sqrt(1 - beta2^t), ., limit, ...
//   control   [8]            read (step-control.wgsl): whether to change anything, scale
//
//   faults    [groups, segments]  written from faultsOffset on (CHECK 1 only): 1 where a new value would not be finite
//
// CHECK 1 changes nothing: it is dispatched before, so that a step whose results are no numbers is void as a whole.
//
// Tile: a workgroup walks through every groups-th block of 64 values of one parameter. Dispatch: groups x segments.

struct Params {
  gOffset: u32,
  hyperOffset: u32,
  controlOffset: u32,
  firstSegment: u32,
  groups: u32,
#if CHECK
  faultsOffset: u32,
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
@group(0) @binding(6) var<storage, read> hyper: array<f32>;
@group(0) @binding(7) var<storage, read> control: array<f32>;
#if CHECK
@group(0) @binding(8) var<storage, read_write> faults: array<u32>;
#include "./finite-check.part.wgsl"
#end

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
#if CHECK
  var bad = 0u;
#else
  if (control[params.controlOffset] == 0.0) { return; }
#end
  let segment = (params.firstSegment + group.y) * 8u;
  let ofP = segments[segment];
  let ofG = params.gOffset + segments[segment + 1u];
  let ofM = segments[segment + 2u];
#if CHECK
  // A batch that moves no parameter is not looked at.
  let count = select(0u, segments[segment + 3u], control[params.controlOffset] != 0.0);
#else
  let count = segments[segment + 3u];
#end
  let rate = hyper[params.hyperOffset] * bitcast<f32>(segments[segment + 4u]);
  let decay = bitcast<f32>(segments[segment + 5u]);
  let step = rate * hyper[params.hyperOffset + 1u];
  let unbias = hyper[params.hyperOffset + 2u];
  let limit = hyper[params.hyperOffset + 4u];
  let scale = control[params.controlOffset + 1u];
  for (var i = group.x * 64u + lane; i < count; i += params.groups * 64u) {
    var gradient = clamp(scale * g[ofG + i], -limit, limit);
    var value = p[ofP + i];
#if DECOUPLED
    value *= 1.0 - rate * decay;
#else
    gradient += decay * value;
#end
    let first = params.beta1 * m[ofM + i] + params.rest1 * gradient;
    let second = params.beta2 * v[ofM + i] + params.rest2 * gradient * gradient;
#if CHECK
    let moved = value - step * first / (sqrt(second) * unbias + params.eps);
    bad |= fault(first) | fault(second) | fault(moved);
  }
  tell(bad, group, lane);
#else
    m[ofM + i] = first;
    v[ofM + i] = second;
    p[ofP + i] = value - step * first / (sqrt(second) * unbias + params.eps);
  }
#end
}
