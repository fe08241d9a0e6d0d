// nn/layer-gradient: the gradient of layer norm with respect to its input.
//
//   y = h w + b, h = (x - mean) i, i = 1 / sqrt(variance + eps), each group of `size` values with its own mean:
//
//   d = i (w g - A / size - h B / size)      A = sum of w g, B = sum of w g h over the group
//
//   x, g  [N, ...]  read: value k of group p of item n lies at
//         xOffset + n * xBatchStride + p * groupStep + k * valueStep
//         (gOffset, ...), p < perItem
//   mask  [N, ...]  read likewise with MASK 1: the result of the activation whose gradient g is
//   d     [N, ...]  written, likewise
//   weight [size]   read with WEIGHT 1, else w = 1
//   statistics [3, groups]  read: mean, i, what the mean's float lacks
//
// ROWS 1 (values of a group are neighbours): a workgroup makes a group; 64 invocations sum values 64 apart, and each
// adds the 64 sums in their order. Dispatch: one workgroup for each group, in a line.
//
// ROWS 0 (groups are neighbours): an invocation makes a group. Dispatch: ceil(groups / 64) workgroups in a line.
#default MASK 0
#default LEAKY 0
#let RELU = MASK && !LEAKY
#let VECTOR = 1
#let BATCH = 1
#let GROUPED = 1

struct Params {
  xOffset: u32, xBatchStride: u32,
  gOffset: u32, gBatchStride: u32,
  dOffset: u32, dBatchStride: u32,
#if MASK
  maskOffset: u32, maskBatchStride: u32,
#end
#if WEIGHT
  weightOffset: u32,
#end
  statisticsOffset: u32,
  perItem: u32,
  size: u32,
  groupStep: u32, valueStep: u32,
  groups: u32,
#if !ROWS
  count: u32,
#end
#if LEAKY
  slope: f32,
#end
}

@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> g: array<f32>;
@group(0) @binding(3) var<storage, read_write> d: array<f32>;
@group(0) @binding(4) var<storage, read> statistics: array<f32>;
#if WEIGHT
@group(0) @binding(5) var<storage, read> weight: array<f32>;
#end
#if MASK
@group(0) @binding(6) var<storage, read> mask: array<f32>;
#end

#include "@infnet/core/kernels/value.part.wgsl"
#include "@infnet/core/kernels/relu-vector.part.wgsl"
#include "../batch-norm/activation.part.wgsl"
#include "../batch-norm/figures.part.wgsl"

struct Places {
  x: u32,
  g: u32,
  mask: u32,
  d: u32,
}

fn placesOf(t: u32) -> Places {
  let n = t / params.perItem;
  let start = (t - n * params.perItem) * params.groupStep;
  return Places(
    params.xOffset + n * params.xBatchStride + start,
    params.gOffset + n * params.gBatchStride + start,
#if MASK
    params.maskOffset + n * params.maskBatchStride + start,
#else
    0u,
#end
    params.dOffset + n * params.dBatchStride + start,
  );
}

/// w g of value k, and x - mean.
fn termsOf(places: Places, figures: Figures, k: u32) -> vec2f {
  let at = k * params.valueStep;
#if MASK
  var v = passed(mask[places.mask + at], g[places.g + at]);
#else
  var v = g[places.g + at];
#end
#if WEIGHT
  v *= weight[params.weightOffset + k];
#end
  return vec2f(v, (x[places.x + at] - figures.center) - figures.lacking);
}

/// The sums of w g and w g (x - mean) over every STEP-th value from `first` on.
fn sumsOf(places: Places, figures: Figures, first: u32) -> vec2f {
  var sum = vec2f();
  for (var k = first; k < params.size; k += $(ROWS * 63 + 1)u) {
    let found = termsOf(places, figures, k);
    sum += vec2f(found.x, found.x * found.y);
  }
  return sum;
}

fn write(places: Places, figures: Figures, sum: vec2f, first: u32) {
  let plain = sum.x / f32(params.size);
  let steep = sum.y / f32(params.size) * figures.inverse * figures.inverse;
  for (var k = first; k < params.size; k += $(ROWS * 63 + 1)u) {
    let found = termsOf(places, figures, k);
    d[places.d + k * params.valueStep] = figures.inverse * ((found.x - plain) - found.y * steep);
  }
}

#if ROWS
@group(0) @binding(0) var<uniform> params: Params;
var<workgroup> sums: array<vec2f, 64>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let t = min(workgroup.y * workgroups.x + workgroup.x, params.groups - 1u);
  let places = placesOf(t);
  let figures = figuresOf(t);
  sums[lane] = sumsOf(places, figures, lane);
  workgroupBarrier();
  var sum = vec2f();
  for (var l = 0u; l < 64u; l++) { sum += sums[l]; }
  write(places, figures, sum, lane);
}
#else
#include "@infnet/core/kernels/each.part.wgsl"

fn each(t: u32) {
  let places = placesOf(t);
  let figures = figuresOf(t);
  write(places, figures, sumsOf(places, figures, 0u), 0u);
}
#end
