// nn/merge-statistics: joins the moments of parts, see statistics.wgsl; in the end, the statistics of a channel.
//
//   moments  [C, parts, 4]  read: count, pivot, mean - pivot, M2
//
//   FINAL 0: merged [C, ceil(parts / group), 4] written: every `group` parts become one
//   FINAL 1 (group = parts):
//     statistics [3, C] written: mean of the batch, 1 / sqrt(M2 / count + eps) (biased variance, which normalises),
//              and what the mean's float lacks
//     runningMean, runningVar [C] read; newMean, newVar [C] written:
//              old + momentum (batch - old), with the unbiased variance M2 / (count - 1); not with RUNNING 0
//
// One invocation joins the parts of one group one after another; the pivot of the first becomes theirs. Dispatch:
// ceil(C * ceil(parts / group) / 64) workgroups.
#default RUNNING 1

struct Params {
  parts: u32,
  group: u32,
  groups: u32,
#if FINAL
#include "./statistics-params.part.wgsl"
#end
  count: u32,
}

@group(0) @binding(1) var<storage, read> moments: array<vec4<f32>>;
#if FINAL
#include "./statistics.part.wgsl"
#else
@group(0) @binding(2) var<storage, read_write> merged: array<vec4<f32>>;
#end

#include "./moments.part.wgsl"
#include "@infnet/core/kernels/each.part.wgsl"

fn each(t: u32) {
  let c = t / params.groups;
  let first = (t - c * params.groups) * params.group;
  let end = min(first + params.group, params.parts);
  var found = Moments();
  for (var i = first; i < end; i++) {
    let part = moments[c * params.parts + i];
    found = joined(found, Moments(part.x, part.y, part.z, part.w));
  }
#if FINAL
  writeStatistics(c, found);
#else
  merged[t] = vec4<f32>(found.count, found.pivot, found.mean, found.m2);
#end
}
