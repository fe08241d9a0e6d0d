// trainer/sgd: one step of stochastic gradient descent for many parameters at once.
//
//   g = clamp(scale * gradient, -limit, limit) + decay * p
//   m = momentum m + g                                                     MOMENTUM 1; it starts at 0, so that first m = g
//   p = p - rate * m            (rate * g without momentum)
//
//   p         [slab]         changed in place: parameters, at field 0 of their segments
//   m         [slab]         changed in place: momentum, at field 2 (MOMENTUM 1 only)
//   g         [line]         read: gradients, at field 1
//   segments  [segments, 8]  read: starts (0 to 2), number of values (3), bits of the parameter's factor of the learning rate
//                            (4) and of its decay (5)
//   hyper     [8]            read: learning rate, ., ., ., limit, ...
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
@group(0) @binding(4) var<storage, read> hyper: array<f32>;
@group(0) @binding(5) var<storage, read> control: array<f32>;
#if MOMENTUM && CHECK
@group(0) @binding(6) var<storage, read> m: array<f32>;
#end
#if MOMENTUM && !CHECK
@group(0) @binding(6) var<storage, read_write> m: array<f32>;
#end
#if CHECK
@group(0) @binding(7) var<storage, read_write> faults: array<u32>;
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
  let limit = hyper[params.hyperOffset + 4u];
  let scale = control[params.controlOffset + 1u];
  for (var i = group.x * 64u + lane; i < count; i += params.groups * 64u) {
    let value = p[ofP + i];
    let gradient = clamp(scale * g[ofG + i], -limit, limit) + decay * value;
#if MOMENTUM
    let moved = params.momentum * m[ofM + i] + gradient;
#else
    let moved = gradient;
#end
#if CHECK
    bad |= fault(moved) | fault(value - rate * moved);
  }
  tell(bad, group, lane);
#else
#if MOMENTUM
    m[ofM + i] = moved;
#end
    p[ofP + i] = value - rate * moved;
  }
#end
}
