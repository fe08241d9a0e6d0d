// nn/norm: group, instance and layer norm of groups that one workgroup makes: statistics and result in one dispatch,
// the second reading of x from a cache.
//
//   y = (x - mean) i weight + bias (+ residual), then the activation;  i = 1 / sqrt(variance + eps)
//
//   x, residual [N, ...]  read: value k of group p of item n lies at xOffset + n * xBatchStride + p * groupStep +
//                         k * valueStep, p < perItem, k < size
//   y  [N, ...]           written, likewise
//   weight, bias          read with WEIGHT 1, BIAS 1: of value k that at k, or with PLANES 1 that of its channel,
//                         (p * size + k) / area
//   statistics [3, groups]  written: mean, i, what the mean's float lacks
//
// Statistics are made as in statistics.wgsl. ALONE 0: a workgroup makes a group; its invocations measure values 64
// apart, eight of them join what eight have found, and all join those eight. Dispatch: a workgroup for each group, in a
// line. ALONE 1 (groups are neighbours): an invocation makes a group. Dispatch: ceil(groups / 64) workgroups in a line.
#default LEAKY 0
#let VECTOR = 1
#let STEP = 64 - 63 * ALONE

struct Params {
  xOffset: u32, xBatchStride: u32,
  yOffset: u32, yBatchStride: u32,
#if RESIDUAL
  residualOffset: u32, residualBatchStride: u32,
#end
#if WEIGHT
  weightOffset: u32,
#end
#if BIAS
  biasOffset: u32,
#end
  statisticsOffset: u32,
  perItem: u32,
  groupStep: u32, valueStep: u32,
  size: u32,
  groups: u32,
#if PLANES
  area: u32,
#end
#if ALONE
  count: u32,
#end
  eps: f32,
#if LEAKY
  slope: f32,
#end
}

@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, read_write> statistics: array<f32>;
#if WEIGHT
@group(0) @binding(4) var<storage, read> weight: array<f32>;
#end
#if BIAS
@group(0) @binding(5) var<storage, read> bias: array<f32>;
#end
#if RESIDUAL
@group(0) @binding(6) var<storage, read> residual: array<f32>;
#end

#include "@infnet/core/kernels/value.part.wgsl"
#include "@infnet/core/kernels/relu-vector.part.wgsl"
#include "../batch-norm/activation.part.wgsl"
#include "../batch-norm/moments.part.wgsl"

struct Place {
  group: u32,
  x: u32,
  y: u32,
  residual: u32,
  first: u32, // of the group's values, within its item
}

fn placeOf(t: u32) -> Place {
  let n = t / params.perItem;
  let p = t - n * params.perItem;
  let start = p * params.groupStep;
  return Place(
    t,
    params.xOffset + n * params.xBatchStride + start,
    params.yOffset + n * params.yBatchStride + start,
#if RESIDUAL
    params.residualOffset + n * params.residualBatchStride + start,
#else
    0u,
#end
    p * params.size,
  );
}

/// The moments of every STEP-th value from `lane` on.
fn measured(place: Place, lane: u32) -> Moments {
  var found = Moments();
  for (var k = lane; k < params.size; k += $(8 * STEP)u) {
    var block = 0.0;
#for k in 0..8
    let k$(k) = k + $(k * STEP)u;
    var v$(k) = 0.0;
    if (k$(k) < params.size) {
      v$(k) = x[place.x + k$(k) * params.valueStep];
      block += 1.0;
    }
#end
    found = withBlock(found, block, v0, v1, v2, v3, v4, v5, v6, v7);
  }
  return found;
}

/// Writes every STEP-th value from `lane` on; lane 0 also the statistics.
fn write(place: Place, lane: u32, found: Moments) {
  let mean = meanOf(found);
  let inverse = inverseSqrt(found.m2 / found.count + params.eps);
  if (lane == 0u) {
    let to = params.statisticsOffset + place.group;
    statistics[to] = mean.x;
    statistics[to + params.groups] = inverse;
    statistics[to + 2u * params.groups] = mean.y;
  }
  for (var k = lane; k < params.size; k += $(STEP)u) {
    let at = k * params.valueStep;
#if PLANES
    let c = (place.first + k) / params.area;
#else
    let c = k;
#end
#if WEIGHT
    let scale = weight[params.weightOffset + c] * inverse;
#else
    let scale = inverse;
#end
    var v = ((x[place.x + at] - mean.x) - mean.y) * scale;
#if BIAS
    v += bias[params.biasOffset + c];
#end
#if RESIDUAL
    v += residual[place.residual + at];
#end
    y[place.y + at] = activate(v);
  }
}

#if ALONE
#include "@infnet/core/kernels/each.part.wgsl"

fn each(t: u32) {
  let place = placeOf(t);
  write(place, 0u, measured(place, 0u));
}
#else
@group(0) @binding(0) var<uniform> params: Params;
var<workgroup> parts: array<vec4f, 72>;

fn joinedFrom(first: u32) -> Moments {
  var found = Moments();
  for (var l = 0u; l < 8u; l++) {
    let part = parts[first + l];
    found = joined(found, Moments(part.x, part.y, part.z, part.w));
  }
  return found;
}

fn keep(at: u32, found: Moments) {
  parts[at] = vec4f(found.count, found.pivot, found.mean, found.m2);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let place = placeOf(min(workgroup.y * workgroups.x + workgroup.x, params.groups - 1u));
  keep(lane, measured(place, lane));
  workgroupBarrier();
  if (lane < 8u) { keep(64u + lane, joinedFrom(8u * lane)); }
  workgroupBarrier();
  write(place, lane, joinedFrom(64u));
}
#end
