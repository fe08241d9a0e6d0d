// trainer/overlap-loss-gradient: the gradient of Dice and Tversky losses on class indices with respect to the
// probabilities, in one pass.
//
//   (a, b) = factors[set of the map]                                         (overlap-loss-total.wgsl)
//   d = g (b (alpha q + (1 - alpha - beta) t) - a t),  q = 2 p with SQUARED 1, else 1;  t as in overlap-loss.wgsl
//
//   g        [1]           read at gOffset: gradient of the loss
//   x        [N, C, area]  probabilities, read with SQUARED 1: batch item n is contiguous and starts at xOffset + n *
//            xBatchStride
//   t        [N, area] u32 or i32  read, likewise
//   factors  [sets, 2]     read from factorsOffset on
//   d        [N, C, area]  written, as x
//
// A pixel of the class `ignored` gets 0, one whose class is none NaN.
//
// Tile: one value per invocation. Dispatch: ceil(N * C * area / 64) workgroups in a line.

struct Params {
  gOffset: u32,
  factorsOffset: u32,
#if SQUARED
  xOffset: u32, xBatchStride: u32,
#end
  tOffset: u32, tBatchStride: u32,
  dOffset: u32, dBatchStride: u32,
  channels: u32,
  area: u32,
  ignored: u32,
  alpha: f32, beta: f32,
  count: u32,
}

@group(0) @binding(1) var<storage, read> g: array<f32>;
@group(0) @binding(2) var<storage, read> t: array<u32>;
@group(0) @binding(3) var<storage, read> factors: array<f32>;
@group(0) @binding(4) var<storage, read_write> d: array<f32>;
#if SQUARED
@group(0) @binding(5) var<storage, read> x: array<f32>;
#end

#include "@infnet/core/kernels/nan.part.wgsl"
#include "@infnet/core/kernels/each.part.wgsl"

fn each(k: u32) {
  let map = k / params.area;
  let n = map / params.channels;
  let c = map - n * params.channels;
  let i = k - map * params.area;
  let inside = c * params.area + i;
  let to = params.dOffset + n * params.dBatchStride + inside;
  let label = t[params.tOffset + n * params.tBatchStride + i];
  if (label == params.ignored || label >= params.channels) {
    d[to] = select(nan(), 0.0, label == params.ignored);
    return;
  }
#if POOLED
  let at = params.factorsOffset + c * 2u;
#else
  let at = params.factorsOffset + map * 2u;
#end
  let truth = select(0.0, 1.0, label == c);
#if SQUARED
  let slope = 2.0 * x[params.xOffset + n * params.xBatchStride + inside];
#else
  let slope = 1.0;
#end
  let below = params.alpha * slope + (1.0 - params.alpha - params.beta) * truth;
  d[to] = g[params.gOffset] * (factors[at + 1u] * below - factors[at] * truth);
}
