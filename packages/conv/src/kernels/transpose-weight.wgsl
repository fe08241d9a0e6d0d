// Weights in another order: y[i, m] = x[m, i].
//
//   x  [rows, columns]: a result channel per row, its source channels and taps in the columns; from xOffset, rows
//      xStride apart
//   y  [columns, rows], contiguous
//
// Dispatch: one invocation per value of y, in lines of 64, so that writes are contiguous.
struct Params {
  rows: u32,
  count: u32, // rows * columns
  xOffset: u32,
  xStride: u32,
}
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

#include "@infnet/core/kernels/each.part.wgsl"

fn each(t: u32) {
  let column = t / params.rows;
  let row = t - column * params.rows;
  y[t] = x[params.xOffset + row * params.xStride + column];
}
