// Adds partial results in a fixed order: y[i] = sum over splits s of partial[s, i].
//
//   partial [splits, items * inner], y [items, inner] with an offset and a stride between items
//
// Dispatch: one invocation per value, in lines of 64.
struct Params {
  splits: u32,
  count: u32, // items * inner
  inner: u32,
  yOffset: u32,
  yBatchStride: u32,
}
@group(0) @binding(1) var<storage, read> partial: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

#include "@infnet/core/kernels/each.part.wgsl"

fn each(index: u32) {
  var sum = 0.0;
  for (var s = 0u; s < params.splits; s++) {
    sum += partial[s * params.count + index];
  }
  y[params.yOffset + index / params.inner * params.yBatchStride + index % params.inner] = sum;
}
