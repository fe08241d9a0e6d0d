// nn/group-gradient: the gradients of group and instance norm, from the sums of nn/group-sums.
//
//   sums      read: [N * C, 2], for every plane the sums of g and of g h; behind them [groups, 5], for every group
//             mean, what its float lacks, i = 1 / sqrt(variance + eps), plain, steep
//   INPUT 1:  x, g [N, C, area] read: batch item n is contiguous and starts at xOffset + n * xBatchStride;
//             mask [N, C, area] likewise with MASK 1: the result of the activation whose gradient g is; weight [C] read
//             with WEIGHT 1, else 1
//             d [N, C, area] written, likewise:   d = i (weight g - plain - (x - mean - lacking) steep)
//   PARAMETERS 1:  ofBias [C], ofWeight [C] written: sums over the batch of what the planes of a channel have
//
// Tile as in normalize.wgsl: `tiles` = N * C * span invocations for d; behind them one for each channel. Dispatch:
// ceil((tiles + C) / 64) workgroups in a line.
#default MASK 0
#default LEAKY 0
#let RELU = MASK && !LEAKY

struct Params {
#if INPUT
  xOffset: u32, xBatchStride: u32,
  gOffset: u32, gBatchStride: u32,
  dOffset: u32, dBatchStride: u32,
#if MASK
  maskOffset: u32, maskBatchStride: u32,
#end
#if WEIGHT
  weightOffset: u32,
#end
  area: u32,
  span: u32,
  perGroup: u32,
#end
#if PARAMETERS
  ofBiasOffset: u32, ofWeightOffset: u32,
#end
  batch: u32,
  channels: u32,
  tiles: u32,
  count: u32,
#if LEAKY
  slope: f32,
#end
}

#include "@infnet/core/kernels/value.part.wgsl"

@group(0) @binding(1) var<storage, read> sums: array<f32>;
#if INPUT
@group(0) @binding(2) var<storage, read> x: array<Value>;
@group(0) @binding(3) var<storage, read> g: array<Value>;
@group(0) @binding(4) var<storage, read_write> d: array<Value>;
#if WEIGHT
@group(0) @binding(5) var<storage, read> weight: array<f32>;
#end
#if MASK
@group(0) @binding(6) var<storage, read> mask: array<Value>;
#end
#end
#if PARAMETERS
@group(0) @binding(7) var<storage, read_write> ofBias: array<f32>;
@group(0) @binding(8) var<storage, read_write> ofWeight: array<f32>;
#end

#include "@infnet/core/kernels/relu-vector.part.wgsl"
#include "../batch-norm/activation.part.wgsl"
#include "@infnet/core/kernels/each.part.wgsl"

fn each(t: u32) {
#if INPUT
  if (t < params.tiles) { inputTile(t); }
#end
#if PARAMETERS
  if (t >= params.tiles) { parametersOf(t - params.tiles); }
#end
}

#if PARAMETERS
fn parametersOf(c: u32) {
  var sum = vec2f();
  for (var n = 0u; n < params.batch; n++) {
    let at = 2u * (n * params.channels + c);
    sum += vec2f(sums[at], sums[at + 1u]);
  }
  ofBias[params.ofBiasOffset + c] = sum.x;
  ofWeight[params.ofWeightOffset + c] = sum.y;
}
#end

#if INPUT
fn inputTile(t: u32) {
  let plane = t / params.span;
  let first = t - plane * params.span;
  let n = plane / params.channels;
  let c = plane - n * params.channels;
  let at = 2u * params.batch * params.channels + 5u * (plane / params.perGroup);
  let center = Value(sums[at]);
  let lacking = Value(sums[at + 1u]);
  let inverse = sums[at + 2u];
#if WEIGHT
  let scale = weight[params.weightOffset + c];
#end
  let plain = Value(sums[at + 3u]);
  let steep = sums[at + 4u];
  let area = params.area / $(VECTOR)u;
  let fromX = (params.xOffset + n * params.xBatchStride + c * params.area) / $(VECTOR)u;
  let fromG = (params.gOffset + n * params.gBatchStride + c * params.area) / $(VECTOR)u;
#if MASK
  let fromMask = (params.maskOffset + n * params.maskBatchStride + c * params.area) / $(VECTOR)u;
#end
  let to = (params.dOffset + n * params.dBatchStride + c * params.area) / $(VECTOR)u;
#for k in 0..TILE
  let e$(k) = first + $(k)u * params.span;
  if (e$(k) < area) {
#if MASK
    var v = passed(mask[fromMask + e$(k)], g[fromG + e$(k)]);
#else
    var v = g[fromG + e$(k)];
#end
#if WEIGHT
    v *= scale;
#end
    d[to + e$(k)] = inverse * ((v - plain) - ((x[fromX + e$(k)] - center) - lacking) * steep);
  }
#end
}
#end
