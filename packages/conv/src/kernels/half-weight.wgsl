// Weights as float16: y = x, rounded. By WGSL's rules to one of the two nearest values, and values below 2^-14 may
// become 0.
//
//   x, y    [count], contiguous
//
// Dispatch: one invocation per value, in lines of 64.
enable f16;

struct Params {
  count: u32,
}
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f16>;

#include "@infnet/core/kernels/each.part.wgsl"

fn each(index: u32) {
  y[index] = f16(x[index]);
}
