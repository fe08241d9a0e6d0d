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

#include "@infnet/core/kernels/each.part.wgsl"

fn each(t: u32) {
  let c = t / params.groups;
  let first = (t - c * params.groups) * params.group;
  let end = min(first + params.group, params.parts);
  let pivot = moments[c * params.parts + first].y;
  var n = 0.0;
  var m = 0.0;
  var m2 = 0.0;
  for (var i = first; i < end; i++) {
    let part = moments[c * params.parts + i];
    let delta = (part.y - pivot) + (part.z - m);
    let share = part.x / (n + part.x);
    m += delta * share;
    m2 += part.w + delta * delta * n * share;
    n += part.x;
  }
#if FINAL
  writeStatistics(c, n, pivot, m, m2);
#else
  merged[t] = vec4<f32>(n, pivot, m, m2);
#end
}
