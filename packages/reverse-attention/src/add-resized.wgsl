// reverse-attention/add-resized: y = x + resize(coarse), bilinear with align_corners = false; a dimension of equal
// sizes is copied.
//
//   x          [N, C, H, W]  read: batch item n is contiguous and starts at xOffset + n * xBatchStride
//   coarse     [N, C, h, w]  read, likewise (it may also be larger than x)
//   y          [N, C, H, W]  written, likewise
//
// Tile: one value per invocation. Dispatch: ceil(N * C * H * W / 64) workgroups in a line.

struct Params {
  xOffset: u32, xBatchStride: u32,
  coarseOffset: u32, coarseBatchStride: u32,
  yOffset: u32, yBatchStride: u32,
  itemSize: u32,
  height: u32, width: u32,
  coarseHeight: u32, coarseWidth: u32,
  rowStep: f32, columnStep: f32,
  count: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> coarse: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let t = (group.y * groups.x + group.x) * 64u + lane;
  if (t >= params.count) { return; }
  let n = t / params.itemSize;
  let i = t - n * params.itemSize;
  let line = i / params.width;
  let column = i - line * params.width;
  let c = line / params.height;
  let row = line - c * params.height;

  let v = max((f32(row) + 0.5) * params.rowStep - 0.5, 0.0);
  let u = max((f32(column) + 0.5) * params.columnStep - 0.5, 0.0);
  let top = min(u32(v), params.coarseHeight - 1u);
  let left = min(u32(u), params.coarseWidth - 1u);
  let plane = params.coarseOffset + n * params.coarseBatchStride + c * params.coarseHeight * params.coarseWidth;
  let upper = plane + top * params.coarseWidth;
  let lower = plane + min(top + select(0u, 1u, params.rowStep != 1.0), params.coarseHeight - 1u) * params.coarseWidth;
  let right = min(left + select(0u, 1u, params.columnStep != 1.0), params.coarseWidth - 1u);
  let fv = v - f32(top);
  let fu = u - f32(left);
  let above = (1.0 - fu) * coarse[upper + left] + fu * coarse[upper + right];
  let below = (1.0 - fu) * coarse[lower + left] + fu * coarse[lower + right];
  let value = x[params.xOffset + n * params.xBatchStride + i];
  y[params.yOffset + n * params.yBatchStride + i] = value + ((1.0 - fv) * above + fv * below);
}
