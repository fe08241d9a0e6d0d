// nn/pad: y = x moved inside a map of another size; what x does not cover is 0.
//
//   x  [N, planes, inputRows,  inputColumns]   read: row i of plane p of batch item n starts at
//                                              xOffset + n * xBatchStride + p * xPlaneStride + i * xRowStride
//   y  [N, planes, outputRows, outputColumns]  written: likewise
//
//   y(n, p, i, j) = x(n, p, i - top, j - left)   where that exists, else 0
//
// `top` and `left` may be negative: then it cuts off. Padding, cropping and the gradients of both, and a range along
// any axis placed among zeros, are this kernel. Values are moved as 32-bit words, whatever they mean.
//
// Tile: one invocation writes one position of TILE planes. Dispatch: ceil(N * ceil(planes / TILE) * outputRows *
// outputColumns / 64) workgroups in a line.

struct Params {
  xOffset: u32, xBatchStride: u32, xPlaneStride: u32, xRowStride: u32,
  yOffset: u32, yBatchStride: u32, yPlaneStride: u32, yRowStride: u32,
  planes: u32,
  inputRows: u32, inputColumns: u32,
  outputRows: u32, outputColumns: u32,
  top: i32, left: i32,
  blocks: u32,
  count: u32,
}

@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

#include "@infnet/core/kernels/each.part.wgsl"
#include "@infnet/core/kernels/position.part.wgsl"

fn each(t: u32) {
  let to = positionOf(t, params.blocks, params.outputRows, params.outputColumns);
  let p0 = to.plane * $(TILE)u;
  // Wraps around below zero and is then too large.
  let row = u32(i32(to.row) - params.top);
  let column = u32(i32(to.column) - params.left);
  let inside = row < params.inputRows && column < params.inputColumns;
  let base = params.xOffset + to.n * params.xBatchStride + row * params.xRowStride + column;
  let place = params.yOffset + to.n * params.yBatchStride + to.row * params.yRowStride + to.column;
#for k in 0..TILE
  if (p0 + $(k)u < params.planes) {
    var v$(k) = 0u;
    if (inside) { v$(k) = x[base + (p0 + $(k)u) * params.xPlaneStride]; }
    y[place + (p0 + $(k)u) * params.yPlaneStride] = v$(k);
  }
#end
}
