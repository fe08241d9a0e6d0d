// nn/softmax: y(c) = exp(x(c) - max) / sum of exp(x - max), over channels; or its gradient. NaN in all channels where
// one is
// NaN or the maximum is infinite: Infinity - Infinity is no number.
//
//   x  [N, C, area]  read: batch item n is contiguous and starts at xOffset + n * xBatchStride
//   y  [N, C, area]  written, likewise
//
//   GRADIENT 1: x holds softmax's output s, g its gradient: y(c) = s(c) (g(c) - sum of s g)
//
// One invocation walks the channels of one position: twice to know maximum and sum (or the product's sum), once to
// write.
// Dispatch: ceil(N * area / 64) workgroups in a line.

struct Params {
  xOffset: u32, xBatchStride: u32,
#if GRADIENT
  gOffset: u32, gBatchStride: u32,
#end
  yOffset: u32, yBatchStride: u32,
  channels: u32,
  area: u32,
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
  let n = t / params.area;
  let p = t - n * params.area;
  let base = params.xOffset + n * params.xBatchStride + p;
  let to = params.yOffset + n * params.yBatchStride + p;
  var sum = 0.0;
#if GRADIENT
  let fromG = params.gOffset + n * params.gBatchStride + p;
  for (var c = 0u; c < params.channels; c++) { sum += x[base + c * params.area] * g[fromG + c * params.area]; }
  for (var c = 0u; c < params.channels; c++) {
    y[to + c * params.area] = x[base + c * params.area] * (g[fromG + c * params.area] - sum);
  }
#else
  var highest = x[base];
  var lost = isNan(highest);
  for (var c = 1u; c < params.channels; c++) {
    let v = x[base + c * params.area];
    highest = max(highest, v);
    lost |= isNan(v);
  }
  lost |= !isFinite(highest);
  for (var c = 0u; c < params.channels; c++) { sum += exp(x[base + c * params.area] - highest); }
  for (var c = 0u; c < params.channels; c++) {
    y[to + c * params.area] = select(exp(x[base + c * params.area] - highest) / sum, nan(), lost);
  }
#end
}
