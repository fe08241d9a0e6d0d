// nn/batch-statistics: count, mean and sum of squared deviations of parts of each channel.
//
//   x       [N, C, area]         read: batch item n is contiguous and starts at xOffset + n * xBatchStride
//   moments [C, parts, 4]        written: count, pivot, mean m - pivot, M2 = sum (x - m)^2 of each part
//
// The N * area values of a channel are dealt to `parts` invocations: part p takes the values p, p + parts, ... Values
// are taken relative to a pivot, about the mean of the part's first eight: x - pivot is exact where the mean is large
// beside the deviation, so that no digit is lost however large it is. Eight at a time their own mean and M2 are
// computed from registers, then joined to what the part has so far (Chan, Golub, LeVeque 1979):
//
//   delta = m_B - m_A      m = m_A + delta n_B / n      M2 = M2_A + M2_B + delta^2 n_A n_B / n      n = n_A + n_B
//
// so x is read once. Dispatch: ceil(C * parts / 64) workgroups in a line; neighbouring invocations read neighbouring
// values. FINAL 1, where a channel is one part: instead of moments the statistics, as `nn/merge-statistics` writes
// them.
//
// `items` and `rest` are the figures of `parts` = items * area + rest, so that the position advances without a
// division.
//
// GROUPED 1: instead of channels N * perItem groups inside of batch items, of `total` values each. Value i of group k
// of item n lies at xOffset + n * xBatchStride + k * groupStep + i * valueStep. There are no running statistics.
#default GROUPED 0
#let RUNNING = 1 - GROUPED

struct Params {
  xOffset: u32, xBatchStride: u32,
#if GROUPED
  perItem: u32, groupStep: u32, valueStep: u32,
#else
  area: u32,
#end
  total: u32,
  parts: u32,
#if !GROUPED
  items: u32, rest: u32,
#end
#if FINAL
#include "./statistics-params.part.wgsl"
#end
  count: u32,
}

@group(0) @binding(1) var<storage, read> x: array<f32>;
#if FINAL
#include "./statistics.part.wgsl"
#else
@group(0) @binding(2) var<storage, read_write> moments: array<vec4<f32>>;
#end

#include "./moments.part.wgsl"
#include "@infnet/core/kernels/each.part.wgsl"

fn each(t: u32) {
  let c = t / params.parts;
  let part = t - c * params.parts;
#if GROUPED
  let item = c / params.perItem;
  let group = params.xOffset + item * params.xBatchStride + (c - item * params.perItem) * params.groupStep;
#else
  let channel = params.xOffset + c * params.area;
  var n = part / params.area;
  var p = part - n * params.area;
#end

  var found = Moments();
  var i = part;
  while (i < params.total) {
    var block = 0.0;
#for k in 0..8
    var v$(k) = 0.0;
    if (i < params.total) {
#if GROUPED
      v$(k) = x[group + i * params.valueStep];
#else
      v$(k) = x[channel + n * params.xBatchStride + p];
#end
      block += 1.0;
    }
    i += params.parts;
#if !GROUPED
    p += params.rest;
    n += params.items;
    if (p >= params.area) {
      p -= params.area;
      n += 1u;
    }
#end
#end
    found = withBlock(found, block, v0, v1, v2, v3, v4, v5, v6, v7);
  }
#if FINAL
  writeStatistics(c, found);
#else
  moments[t] = vec4<f32>(found.count, found.pivot, found.mean, found.m2);
#end
}
