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
//   RELU    1: y = 0 where y < 0 (a NaN stays one); LEAKY 1: y = slope y there
//
// GROUPED 1: the statistics [3, groups] are those of groups of planes: plane (n, c) is normalised by those of group
// (n * C + c) / perGroup. EACH_WEIGHT 1: value e of every plane has its own weight and bias, [area] (layer norm over
// rows). WEIGHT 0, BIAS 0: there is none.
//
// Tile: one invocation makes TILE values of one channel of one batch item, `span` = ceil(area / TILE) apart, so that
// the four figures of the channel are loaded once; a value is a vec4 where VECTOR = 4. Dispatch:
// ceil(N * C * span / 64) workgroups in a line.
#default WEIGHT 1
#default BIAS 1
#default EACH_WEIGHT 0
#default GROUPED 0
#default LEAKY 0

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
  channels: u32,
  area: u32,
  span: u32,
  count: u32,
#if GROUPED
  groups: u32,
  perGroup: u32,
#end
#if BATCH
  statisticsOffset: u32,
#else
  meanOffset: u32, varianceOffset: u32,
  eps: f32,
#end
#if LEAKY
  slope: f32,
#end
}

#include "@infnet/core/kernels/value.part.wgsl"

@group(0) @binding(1) var<storage, read> x: array<Value>;
#if EACH_WEIGHT
alias Weight = Value;
#else
alias Weight = f32;
#end
#if WEIGHT
@group(0) @binding(2) var<storage, read> weight: array<Weight>;
#end
#if BIAS
@group(0) @binding(3) var<storage, read> bias: array<Weight>;
#end
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
#include "./activation.part.wgsl"
#include "@infnet/core/kernels/each.part.wgsl"
#include "./figures.part.wgsl"

fn each(t: u32) {
  let plane = t / params.span;
  let first = t - plane * params.span;
  let n = plane / params.channels;
  let c = plane - n * params.channels;
#if GROUPED
  let figures = figuresOf(plane / params.perGroup);
#else
  let figures = figuresOf(c);
#end
  let center = Value(figures.center);
  let lacking = Value(figures.lacking);
#if EACH_WEIGHT
#if WEIGHT
  let fromWeight = params.weightOffset / $(VECTOR)u;
#end
#if BIAS
  let fromBias = params.biasOffset / $(VECTOR)u;
#end
#else
#if WEIGHT
  let scale = weight[params.weightOffset + c] * figures.inverse;
#else
  let scale = figures.inverse;
#end
#if BIAS
  let shift = Value(bias[params.biasOffset + c]);
#end
#end
  let area = params.area / $(VECTOR)u;
  let base = (params.xOffset + n * params.xBatchStride + c * params.area) / $(VECTOR)u;
#if RESIDUAL
  let also = (params.residualOffset + n * params.residualBatchStride + c * params.area) / $(VECTOR)u;
#end
  let to = (params.yOffset + n * params.yBatchStride + c * params.area) / $(VECTOR)u;
#for k in 0..TILE
  let e$(k) = first + $(k)u * params.span;
  if (e$(k) < area) {
#if EACH_WEIGHT
#if WEIGHT
    let scale = weight[fromWeight + e$(k)] * figures.inverse;
#else
    let scale = figures.inverse;
#end
#if BIAS
    let shift = bias[fromBias + e$(k)];
#end
#end
#if BATCH
    var v = ((x[base + e$(k)] - center) - lacking) * scale;
#else
    var v = (x[base + e$(k)] - center) * scale;
#end
#if BIAS
    v += shift;
#end
#if RESIDUAL
    v += residual[also + e$(k)];
#end
    y[to + e$(k)] = activate(v);
  }
#end
}
