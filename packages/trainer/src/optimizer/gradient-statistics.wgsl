// trainer/gradient-statistics: for each parameter, parts of the sum of squares and of the largest magnitude of its
// gradient.
//
//   g         [line]        read: gradients one behind the other
//   segments  [segments, 8] read: where each gradient lies in the line (segment.part.wgsl)
//   partial   [segments, groups, 2]  written from partialOffset on: bits of the sum of squares (as squares.part.wgsl
//             has it), bits of the largest |g|
//
// Magnitudes are compared as bit patterns: for floats without their sign that order is the order of the values, with
// infinity and NaN above all numbers, and a device that assumes there are none cannot lose them.
//
// SHARED 1, for GPUs: a workgroup makes a part, walking through every groups-th block of 64 values of one gradient,
//           its lanes side by side; dispatch: groups x segments.
// SHARED 0, for CPU adapters, where a barrier costs as much as hundreds of additions: an invocation makes a part,
//           taking every groups-th value, four at a time; dispatch: ceil(parts / 64) workgroups in a line.

struct Params {
  gOffset: u32,
  firstSegment: u32,
  groups: u32,
  partialOffset: u32,
#if SHARED == 0
  parts: u32, // segments * groups
#end
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> g: array<f32>;
@group(0) @binding(2) var<storage, read> segments: array<u32>;
@group(0) @binding(3) var<storage, read_write> partial: array<u32>;

#include "./squares.part.wgsl"
#include "./segment.part.wgsl"

#if SHARED == 0
@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let t = (group.y * groups.x + group.x) * 64u + lane;
  if (t >= params.parts) { return; }
  let segment = segmentOf(params.firstSegment + t / params.groups);
  let start = params.gOffset + segment.lineStart;
  let count = segment.count;
  var sum = 0.0;
  var top = 0u;
  var i = t % params.groups;
  for (; i + 3u * params.groups < count; i += 4u * params.groups) {
#for k in 0..4
    let value$(k) = g[start + i + $(k)u * params.groups];
    top = max(top, bitcast<u32>(value$(k)) & 0x7fffffffu);
#end
    sum += (value0 * value0 + value1 * value1) + (value2 * value2 + value3 * value3);
  }
  for (; i < count; i += params.groups) {
    let value = g[start + i];
    sum += value * value;
    top = max(top, bitcast<u32>(value) & 0x7fffffffu);
  }
  // Rare: once more, shrunk. (What holds an infinity or NaN stays infinite or NaN.)
  if (overflowed(sum)) {
    sum = 0.0;
    for (i = t % params.groups; i < count; i += params.groups) {
      let value = shrunk(g[start + i], 80u);
      sum -= value * value;
    }
  }
  let at = params.partialOffset + t * 2u;
  partial[at] = bitcast<u32>(sum);
  partial[at + 1u] = top;
}
#else
var<workgroup> squares: array<f32, 64>;
var<workgroup> largest: array<u32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let segment = segmentOf(params.firstSegment + group.y);
  let start = params.gOffset + segment.lineStart;
  let count = segment.count;
  var sum = 0.0;
  var top = 0u;
  for (var i = group.x * 64u + lane; i < count; i += params.groups * 64u) {
    let value = g[start + i];
    sum += value * value;
    top = max(top, bitcast<u32>(value) & 0x7fffffffu);
  }
  // Rare: once more, shrunk. (What holds an infinity or NaN stays infinite or NaN.)
  if (overflowed(sum)) {
    sum = 0.0;
    for (var i = group.x * 64u + lane; i < count; i += params.groups * 64u) {
      let value = shrunk(g[start + i], 80u);
      sum -= value * value;
    }
  }
  squares[lane] = sum;
  largest[lane] = top;
  workgroupBarrier();
  if (lane == 0u) {
    for (var l = 1u; l < 64u; l++) {
      sum = addSquares(sum, squares[l]);
      top = max(top, largest[l]);
    }
    let at = params.partialOffset + (group.y * params.groups + group.x) * 2u;
    partial[at] = bitcast<u32>(sum);
    partial[at + 1u] = top;
  }
}
#end
