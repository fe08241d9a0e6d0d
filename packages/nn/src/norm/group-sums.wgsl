// nn/group-sums: what the gradient of group norm needs of every group, and the sums of its channels.
//
//   y = (x - mean) i w + b, i = 1 / sqrt(variance + eps), h = (x - mean) i; g is y's gradient, S a group's size:
//
//   dx = i (w g - A / S - h B / S)      A = sum of w g, B = sum of w g h over the group
//
//   statistics [3, groups]  read: mean, i, what the mean's float lacks
//   weight [C]      read with WEIGHT 1, else w = 1
//   x, g, mask [N, C, area]  read with FROM 0: batch item n is contiguous and starts at xOffset + n * xBatchStride
//                   (gOffset, ...); mask with MASK 1: the result of the activation whose gradient g is
//   parts [N * C, parts, 2]  read with FROM 1: sums of g and of g h in parts, as `nn/batch-norm-gradient-sums` writes
//   sums            written: [N * C, 2], for every plane the sums of g and of g h; behind them [groups, 5], for every
//                   group mean, what it lacks, i, A / S, i B / S
//
// One invocation makes one group: `perGroup` planes, one after another. Dispatch: ceil(groups / 64) workgroups.
#default MASK 0
#default LEAKY 0
#let RELU = MASK && !LEAKY
#let VECTOR = 1
#let BATCH = 1
#let GROUPED = 1

struct Params {
  statisticsOffset: u32,
#if WEIGHT
  weightOffset: u32,
#end
#if FROM
  parts: u32,
#else
  xOffset: u32, xBatchStride: u32,
  gOffset: u32, gBatchStride: u32,
#if MASK
  maskOffset: u32, maskBatchStride: u32,
#end
#end
  area: u32,
  perItem: u32,
  perGroup: u32,
  groups: u32,
  count: u32,
#if LEAKY
  slope: f32,
#end
}

@group(0) @binding(1) var<storage, read> statistics: array<f32>;
@group(0) @binding(2) var<storage, read_write> sums: array<f32>;
#if WEIGHT
@group(0) @binding(3) var<storage, read> weight: array<f32>;
#end
#if FROM
@group(0) @binding(4) var<storage, read> parts: array<vec2f>;
#else
@group(0) @binding(4) var<storage, read> x: array<f32>;
@group(0) @binding(5) var<storage, read> g: array<f32>;
#if MASK
@group(0) @binding(6) var<storage, read> mask: array<f32>;
#end
#end

#include "@infnet/core/kernels/value.part.wgsl"
#include "@infnet/core/kernels/relu-vector.part.wgsl"
#include "../batch-norm/activation.part.wgsl"
#include "../batch-norm/figures.part.wgsl"
#include "@infnet/core/kernels/each.part.wgsl"

fn each(t: u32) {
  let n = t / params.perItem;
  let firstChannel = (t - n * params.perItem) * params.perGroup;
  let figures = figuresOf(t);
  var group = vec2f();
  for (var k = 0u; k < params.perGroup; k++) {
    let plane = t * params.perGroup + k;
    var sum = vec2f();
#if FROM
    for (var i = 0u; i < params.parts; i++) { sum += parts[plane * params.parts + i]; }
#else
    let start = (firstChannel + k) * params.area;
    let fromX = params.xOffset + n * params.xBatchStride + start;
    let fromG = params.gOffset + n * params.gBatchStride + start;
#if MASK
    let fromMask = params.maskOffset + n * params.maskBatchStride + start;
#end
    for (var i = 0u; i < params.area; i++) {
#if MASK
      let v = passed(mask[fromMask + i], g[fromG + i]);
#else
      let v = g[fromG + i];
#end
      sum += vec2f(v, v * ((x[fromX + i] - figures.center) - figures.lacking));
    }
    sum.y *= figures.inverse;
#end
    sums[2u * plane] = sum.x;
    sums[2u * plane + 1u] = sum.y;
#if WEIGHT
    group += weight[params.weightOffset + firstChannel + k] * sum;
#else
    group += sum;
#end
  }
  let size = f32(params.perGroup) * f32(params.area);
  let to = 2u * params.groups * params.perGroup + 5u * t;
  sums[to] = figures.center;
  sums[to + 1u] = figures.lacking;
  sums[to + 2u] = figures.inverse;
  sums[to + 3u] = group.x / size;
  sums[to + 4u] = group.y / size * figures.inverse;
}
