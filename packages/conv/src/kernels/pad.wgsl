// Zeros around every map, so that what reads it needs to ask nothing: y[n, c, r, s] = x[n, c, r - top, s - left], else
// 0.
//
//   x  [batch, channels, inHeight, inWidth], with an offset and a batch stride
//   y  [batch, channels, outHeight, outWidth], contiguous; rows and columns of x that lie outside of it are left out
//
// Dispatch: one invocation per value of y, in lines of 64.
struct Params {
  count: u32,
  channels: u32,
  inHeight: u32, inWidth: u32,
  outHeight: u32, outWidth: u32,
  top: u32, left: u32,
  xOffset: u32, xBatchStride: u32,
}
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

#include "@infnet/core/kernels/each.part.wgsl"
#include "@infnet/core/kernels/position.part.wgsl"

fn each(index: u32) {
  let to = positionOf(index, params.channels, params.outHeight, params.outWidth);
  // Unsigned: what lies above or to the left of x wraps around to a large number.
  let row = to.row - params.top;
  let column = to.column - params.left;
  let inside = row < params.inHeight && column < params.inWidth;
  let at = (to.plane * params.inHeight + row) * params.inWidth + column;
  let place = params.xOffset + to.n * params.xBatchStride + at;
  y[index] = select(0.0, x[select(0u, place, inside)], inside);
}
