// nn/merge-sums: adds the parts of the two sums of each channel, see gradient-sums.wgsl.
//
//   sums  [C, parts, 2]  read
//
//   FINAL 0: merged [C, groups, 2] written: every `group` parts become one (groups = ceil(parts / group))
//   FINAL 1 (group = parts): first [C], second [C] written, at firstOffset and secondOffset
//
// One invocation adds the parts of one group one after another. Dispatch: ceil(C * groups / 64) workgroups in a line.

struct Params {
  parts: u32,
  group: u32,
  groups: u32,
#if FINAL
  firstOffset: u32, secondOffset: u32,
#end
  count: u32,
}

@group(0) @binding(1) var<storage, read> sums: array<vec2f>;
#if FINAL
@group(0) @binding(2) var<storage, read_write> first: array<f32>;
@group(0) @binding(3) var<storage, read_write> second: array<f32>;
#else
@group(0) @binding(2) var<storage, read_write> merged: array<vec2f>;
#end

#include "@infnet/core/kernels/each.part.wgsl"

fn each(t: u32) {
  let c = t / params.groups;
  let begin = (t - c * params.groups) * params.group;
  let end = min(begin + params.group, params.parts);
  var sum = vec2f();
  for (var i = begin; i < end; i++) { sum += sums[c * params.parts + i]; }
#if FINAL
  first[params.firstOffset + c] = sum.x;
  second[params.secondOffset + c] = sum.y;
#else
  merged[t] = sum;
#end
}
