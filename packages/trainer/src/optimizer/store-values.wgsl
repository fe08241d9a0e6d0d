// trainer/store-values: new values of many parameters (running statistics), put in their places unless the step is
// void.
//
//   p         [slab]         changed in place
//   x         [line]         read
//   segments  [segments, 8]  read: where each parameter lies in both (segment.part.wgsl)
//   control   [9]            read from controlOffset on: whether all is finite (step-control.part.wgsl)
//
// Tile: a workgroup walks through every groups-th block of 64 values of one parameter. Dispatch: groups x segments.

struct Params {
  xOffset: u32,
  controlOffset: u32,
  firstSegment: u32,
  groups: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> p: array<f32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> segments: array<u32>;
@group(0) @binding(4) var<storage, read> control: array<f32>;
#include "./segment.part.wgsl"
#include "./step-control.part.wgsl"
#include "./read-control.part.wgsl"

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  if (stepControl(params.controlOffset).finite == 0.0) { return; }
  let segment = segmentOf(params.firstSegment + group.y);
  let ofP = segment.slabStart;
  let ofX = params.xOffset + segment.lineStart;
  for (var i = group.x * 64u + lane; i < segment.count; i += params.groups * 64u) {
    p[ofP + i] = x[ofX + i];
  }
}
