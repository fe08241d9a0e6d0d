// nn/batch-norm: y = (x - mean) * weight / sqrt(variance + eps) + bias, per channel.
//
//   x         [N, C, area]  read: batch item n is contiguous and starts at xOffset + n * xBatchStride
//   y         [N, C, area]  written, likewise
//   weight, bias  [C]       read
//   mean, variance  [C]     read with BATCH 0
//   statistics  [3, C]      read with BATCH 1: mean, 1 / sqrt(variance + eps), what the mean's float lacks
//               (merge-statistics.wgsl)
//
//   RESIDUAL 1: y += residual [N, C, area], read likewise
//   RELU    1: y = 0 where y < 0 (a NaN stays one)
//
// Tile: one invocation makes TILE values of one channel of one batch item, `span` = ceil(area / TILE) apart, so that
// the four figures of the channel are loaded once; a value is a vec4 where VECTOR = 4. Dispatch:
// ceil(N * C * span / 64) workgroups in a line.

struct Params {
  xOffset: u32, xBatchStride: u32,
  yOffset: u32, yBatchStride: u32,
#if RESIDUAL
  residualOffset: u32, residualBatchStride: u32,
#end
  weightOffset: u32, biasOffset: u32,
  channels: u32,
  area: u32,
  span: u32,
  count: u32,
#if BATCH
  statisticsOffset: u32,
#else
  meanOffset: u32, varianceOffset: u32,
  eps: f32,
#end
}

#include "@infnet/core/kernels/value.part.wgsl"

@group(0) @binding(1) var<storage, read> x: array<Value>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
#if BATCH
@group(0) @binding(4) var<storage, read> statistics: array<f32>;
#else
@group(0) @binding(4) var<storage, read> mean: array<f32>;
@group(0) @binding(5) var<storage, read> variance: array<f32>;
#end
@group(0) @binding(6) var<storage, read_write> y: array<Value>;
#if RESIDUAL
@group(0) @binding(7) var<storage, read> residual: array<Value>;
#end

#include "@infnet/core/kernels/relu-vector.part.wgsl"
#include "@infnet/core/kernels/each.part.wgsl"
#include "./figures.part.wgsl"

fn each(t: u32) {
  let plane = t / params.span;
  let first = t - plane * params.span;
  let n = plane / params.channels;
  let c = plane - n * params.channels;
  let figures = figuresOf(c);
  let center = Value(figures.center);
  let lacking = Value(figures.lacking);
  let scale = weight[params.weightOffset + c] * figures.inverse;
  let shift = Value(bias[params.biasOffset + c]);
  let area = params.area / $(VECTOR)u;
  let base = (params.xOffset + n * params.xBatchStride + c * params.area) / $(VECTOR)u;
#if RESIDUAL
  let also = (params.residualOffset + n * params.residualBatchStride + c * params.area) / $(VECTOR)u;
#end
  let to = (params.yOffset + n * params.yBatchStride + c * params.area) / $(VECTOR)u;
#for k in 0..TILE
  let e$(k) = first + $(k)u * params.span;
  if (e$(k) < area) {
#if BATCH
    var v = ((x[base + e$(k)] - center) - lacking) * scale + shift;
#else
    var v = (x[base + e$(k)] - center) * scale + shift;
#end
#if RESIDUAL
    v += residual[also + e$(k)];
#end
#if RELU
#if VECTOR == 4
    v = relu4(v);
#else
    v = relu(v);
#end
#end
    y[to + e$(k)] = v;
  }
#end
}
