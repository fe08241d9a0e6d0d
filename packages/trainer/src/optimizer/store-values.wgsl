// trainer/store-values: new values of many parameters (running statistics), put in their places unless the step is void.
//
//   p         [slab]         changed in place, at field 0 of the segments
//   x         [line]         read, at field 1
//   segments  [segments, 8]  read: starts (0, 1), number of values (3)
//   control   [8]            read (step-control.wgsl): field 4, whether loss and gradients are numbers
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

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  if (control[params.controlOffset + 4u] == 0.0) { return; }
  let segment = (params.firstSegment + group.y) * 8u;
  let ofP = segments[segment];
  let ofX = params.xOffset + segments[segment + 1u];
  let count = segments[segment + 3u];
  for (var i = group.x * 64u + lane; i < count; i += params.groups * 64u) {
    p[ofP + i] = x[ofX + i];
  }
}
