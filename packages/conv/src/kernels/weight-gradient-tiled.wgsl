// The weight gradient of a convolution as a product of matrices through workgroup memory, for GPUs.
//
//   y[m, (k, ty, tx)] = sum over images n, output pixels (oy, ox) of
//     g[n, m, oy, ox] * x[n, k, oy * stride + ty * dilation - padding, ox * stride + tx * dilation - padding]
//
// Layout of g, x, y and the meaning of the parameters: see weight-gradient-subgroup.wgsl. Here x has no padding around
// it.
//
// Tile: a workgroup of 64 makes TILE_M out channels * TILE_N columns, in steps of TILE_K pixels (of all images, in
// order). The 8 * 8 invocations keep TILE_M / 8 rows, side by side, and TILE_N / 8 columns, 8 apart. Neighbours load
// neighbouring pixels; where a column's tap lies is looked up in a table.
// Dispatch: x, y: tiles, channel tiles fastest; z: group * splits + split.
struct Params {
#include "./weight-gradient-params.part.wgsl"
  paddingY: u32,
  paddingX: u32,
}
#include "./weight-gradient.part.wgsl"

// Rows are padded, so that storing a column meets fewer bank conflicts.
var<workgroup> gradients: array<f32, $(TILE_K * (TILE_M + 1))>;
var<workgroup> sources: array<f32, $(TILE_K * (TILE_N + 1))>;
// Of every column: where its map begins, and its tap relative to the pixel.
var<workgroup> maps: array<u32, $(TILE_N)>;
var<workgroup> tapsY: array<i32, $(TILE_N)>;
var<workgroup> tapsX: array<i32, $(TILE_N)>;

@compute @workgroup_size(64)
fn main(
#include "./workgroup-id.part.wgsl"
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
#include "./layer.part.wgsl"
  let group = workgroup.z / params.splits;
  let split = workgroup.z % params.splits;
  let firstRow = split * params.rowsPerSplit;
  let endRow = min(firstRow + params.rowsPerSplit, params.rows);
  let inArea = params.inHeight * params.inWidth;
  let outArea = params.outHeight * params.outWidth;
  let tile = workgroup.y * workgroups.x + workgroup.x;
  let firstChannel = tile % params.channelTiles * $(TILE_M)u;
  let firstColumn = tile / params.channelTiles * $(TILE_N)u;
  for (var c = local; c < $(TILE_N)u; c += 64u) {
    let j = min(firstColumn + c, params.columns - 1u);
    maps[c] = params.xOffset + (group * params.inChannels + j / params.taps) * inArea;
    tapsY[c] = i32(j % params.taps / params.kernelWidth * params.dilationY) - i32(params.paddingY);
    tapsX[c] = i32(j % params.taps % params.kernelWidth * params.dilationX) - i32(params.paddingX);
  }
  // The rows and columns that this invocation computes.
  let ownRow = local / 8u * $(TILE_M / 8)u;
  let ownColumn = local % 8u;
#for i in 0..TILE_M / 8
#for c in 0..TILE_N / 8
  var sum$(i)_$(c) = 0.0;
#end
#end
  let end = endRow * params.outWidth;
  for (var first = firstRow * params.outWidth; first < end; first += $(TILE_K)u) {
    // Every invocation loads one pixel of several channels and columns.
    let q = first + local % $(TILE_K)u;
    let pixel = min(q, end - 1u);
    let n = pixel / outArea;
    let place = pixel - n * outArea;
    let inRow = i32(place / params.outWidth * params.strideY);
    let inColumn = i32(place % params.outWidth * params.strideX);
    let gAt = params.gOffset + n * params.gBatchStride + place;
    workgroupBarrier();
    for (var i = local / $(TILE_K)u; i < $(TILE_M)u; i += $(64 / TILE_K)u) {
      let m = group * params.outChannels + min(firstChannel + i, params.outChannels - 1u);
      gradients[local % $(TILE_K)u * $(TILE_M + 1)u + i] = select(0.0, g[gAt + m * outArea], q < end);
    }
    for (var c = local / $(TILE_K)u; c < $(TILE_N)u; c += $(64 / TILE_K)u) {
      let row = inRow + tapsY[c];
      let column = inColumn + tapsX[c];
      let inside = u32(row) < params.inHeight && u32(column) < params.inWidth && q < end;
      let at = maps[c] + n * params.xBatchStride + select(0u, u32(row) * params.inWidth + u32(column), inside);
      sources[local % $(TILE_K)u * $(TILE_N + 1)u + c] = select(0.0, x[at], inside);
    }
    workgroupBarrier();
    for (var k = 0u; k < $(TILE_K)u; k++) {
#for c in 0..TILE_N / 8
      let v$(c) = sources[k * $(TILE_N + 1)u + ownColumn + $(8 * c)u];
#end
#for i in 0..TILE_M / 8
      let g$(i) = gradients[k * $(TILE_M + 1)u + ownRow + $(i)u];
#for c in 0..TILE_N / 8
      sum$(i)_$(c) += g$(i) * v$(c);
#end
#end
    }
  }

  // Registers cannot be indexed in a loop, and unrolled stores take ten times as long to compile: through an array.
  var sums: array<f32, $(TILE_M * TILE_N / 64)>;
#for i in 0..TILE_M / 8
#for c in 0..TILE_N / 8
  sums[$(i * (TILE_N / 8) + c)] = sum$(i)_$(c);
#end
#end
  for (var i = 0u; i < $(TILE_M / 8)u; i++) {
    let channel = firstChannel + ownRow + i;
    let at = params.yOffset + split * params.ySplitStride + (group * params.outChannels + channel) * params.yBatchStride;
    for (var c = 0u; c < $(TILE_N / 8)u; c++) {
      let j = firstColumn + ownColumn + 8u * c;
      if (channel < params.outChannels && j < params.columns) {
        y[at + j] = sums[i * $(TILE_N / 8)u + c];
      }
    }
  }
}
