// edge-attention/mask-edge: the inner edge of a binary mask.
//
//   y[p] = 1 where mask[p] is on (> 0.5) and one of its 4 neighbours inside the image is off, else 0
//
//   mask  [N, C, H, W]  read: batch item n is contiguous and starts at maskOffset + n * maskBatchStride
//   y     [N, C, H, W]  written, likewise
//
// Tile: one value per invocation. Dispatch: ceil(N * C * H * W / 64) workgroups in a line.

struct Params {
  maskOffset: u32, maskBatchStride: u32,
  yOffset: u32, yBatchStride: u32,
  itemSize: u32,
  height: u32, width: u32,
  count: u32,
}

@group(0) @binding(1) var<storage, read> mask: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

#include "./edge-at.part.wgsl"
#include "@infnet/core/kernels/each.part.wgsl"

fn each(t: u32) {
  let n = t / params.itemSize;
  let i = t - n * params.itemSize;
  y[params.yOffset + n * params.yBatchStride + i] = edgeAt(params.maskOffset + n * params.maskBatchStride, i);
}
