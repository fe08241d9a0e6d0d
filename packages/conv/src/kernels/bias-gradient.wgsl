// The bias gradient of a convolution: y[s, m] = sum over images n and pixels p = s, s + splits, ... of g[n, m, p].
//
//   g  [n, channels, pixels], with an offset and a batch stride
//   y  [splits, channels]: partial results, which `sum-splits` adds in a fixed order
//
// Dispatch: one invocation per (m, s), s fastest, so that neighbours load neighbours; lines of 64.
struct Params {
  batch: u32,
  channels: u32,
  pixels: u32,
  splits: u32,
  count: u32, // channels * splits
  gOffset: u32,
  gBatchStride: u32,
}
@group(0) @binding(1) var<storage, read> g: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

#include "@infnet/core/kernels/each.part.wgsl"

fn each(t: u32) {
  let m = t / params.splits;
  let split = t % params.splits;
  var sum = 0.0;
  for (var n = 0u; n < params.batch; n++) {
    let map = params.gOffset + n * params.gBatchStride + m * params.pixels;
    for (var p = split; p < params.pixels; p += params.splits) {
      sum += g[map + p];
    }
  }
  y[split * params.channels + m] = sum;
}
