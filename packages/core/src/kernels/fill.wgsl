// y[i] = value.
//
// y : f32 [count], contiguous
// Tile: 1 value per invocation. Dispatch: ceil(count / 64) workgroups of 64, folded into (x, y) when over 65535.
struct Params {
  count: u32,
  value: f32,
}
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

#include "./each.part.wgsl"

fn each(i: u32) {
  y[i] = params.value;
}
