// reverse-attention/add-resized: y = x + resize(coarse), bilinear with align_corners = false; a dimension of equal
// sizes is copied.
//
//   x          [N, C, H, W]  read: batch item n is contiguous and starts at xOffset + to.n * xBatchStride
//   coarse     [N, C, h, w]  read, likewise (it may also be larger than x)
//   y          [N, C, H, W]  written, likewise
//
// Tile: one value per invocation. Dispatch: ceil(N * C * H * W / 64) workgroups in a line.

struct Params {
  xOffset: u32, xBatchStride: u32,
  coarseOffset: u32, coarseBatchStride: u32,
  yOffset: u32, yBatchStride: u32,
  channels: u32,
  height: u32, width: u32,
  coarseHeight: u32, coarseWidth: u32,
  rowStep: f32, columnStep: f32,
  count: u32,
}

@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> coarse: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

#include "@infnet/core/kernels/each.part.wgsl"
#include "@infnet/core/kernels/position.part.wgsl"
#include "./resized.part.wgsl"

fn each(t: u32) {
  let to = positionOf(t, params.channels, params.height, params.width);
  let i = (to.plane * params.height + to.row) * params.width + to.column;
  let plane = params.coarseOffset + to.n * params.coarseBatchStride + to.plane * params.coarseHeight * params.coarseWidth;
  let at = cornersAt(
    to.row, to.column, params.coarseHeight, params.coarseWidth, params.rowStep, params.columnStep,
  );
  let upper = plane + at.upper;
  let lower = plane + at.lower;
  let added = interpolate(
    at, coarse[upper + at.left], coarse[upper + at.right], coarse[lower + at.left], coarse[lower + at.right],
  );
  y[params.yOffset + to.n * params.yBatchStride + i] = x[params.xOffset + to.n * params.xBatchStride + i] + added;
}
