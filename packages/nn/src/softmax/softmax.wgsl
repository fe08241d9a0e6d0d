// nn/softmax: y(c) = exp(x(c) - max) / sum of exp(x - max) along one dimension, its logarithm (LOG 1), or their
// gradients. NaN all along where one is NaN or the maximum is infinite: Infinity - Infinity is no number.
//
//   x  read: the values of a line lie xStep apart, `channels` of them; item n starts at xOffset + n * xBatchStride, its
//      lines are those of [outer, channels, inner]
//   y  written, likewise
//
//   GRADIENT 1: x holds the output s, g (read likewise) its gradient: y(c) = s(c) (g(c) - sum of s g); of the logarithm
//   y(c) = g(c) - exp(s(c)) sum of g
//
// One invocation walks a line: twice to know maximum and sum (or the product's sum), once to write. Dispatch:
// ceil(lines / 64) workgroups in a line.

struct Params {
  xOffset: u32, xBatchStride: u32, xStep: u32,
#if GRADIENT
  gOffset: u32, gBatchStride: u32, gStep: u32,
#end
  yOffset: u32, yBatchStride: u32, yStep: u32,
  channels: u32,
  outer: u32,
  inner: u32,
  count: u32,
}

@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
#if GRADIENT
@group(0) @binding(3) var<storage, read> g: array<f32>;
#end

#include "@infnet/core/kernels/nan.part.wgsl"
#include "@infnet/core/kernels/each.part.wgsl"

fn each(t: u32) {
  let line = t / params.inner;
  let n = line / params.outer;
  let start = (line - n * params.outer) * params.channels * params.inner + (t - line * params.inner);
  let base = params.xOffset + n * params.xBatchStride + start;
  let to = params.yOffset + n * params.yBatchStride + start;
  var sum = 0.0;
#if GRADIENT
  let fromG = params.gOffset + n * params.gBatchStride + start;
#if LOG
  for (var c = 0u; c < params.channels; c++) { sum += g[fromG + c * params.gStep]; }
  for (var c = 0u; c < params.channels; c++) {
    let v = x[base + c * params.xStep];
    y[to + c * params.yStep] = g[fromG + c * params.gStep] - keepNan(exp(v), v) * sum;
  }
#else
  for (var c = 0u; c < params.channels; c++) { sum += x[base + c * params.xStep] * g[fromG + c * params.gStep]; }
  for (var c = 0u; c < params.channels; c++) {
    y[to + c * params.yStep] = x[base + c * params.xStep] * (g[fromG + c * params.gStep] - sum);
  }
#end
#else
  var highest = x[base];
  var lost = isNan(highest);
  for (var c = 1u; c < params.channels; c++) {
    let v = x[base + c * params.xStep];
    highest = max(highest, v);
    lost |= isNan(v);
  }
  lost |= !isFinite(highest);
  for (var c = 0u; c < params.channels; c++) { sum += exp(x[base + c * params.xStep] - highest); }
#if LOG
  let shift = log(sum);
  for (var c = 0u; c < params.channels; c++) {
    y[to + c * params.yStep] = select((x[base + c * params.xStep] - highest) - shift, nan(), lost);
  }
#else
  for (var c = 0u; c < params.channels; c++) {
    y[to + c * params.yStep] = select(exp(x[base + c * params.xStep] - highest) / sum, nan(), lost);
  }
#end
#end
}
