// The weight gradient of a convolution as a product of matrices through workgroup memory, for GPUs.
//
//   y[m, (k, ty, tx)] = sum over images n, output pixels (oy, ox) of
//     g[n, m, oy, ox] * x[n, k, oy * stride + ty * dilation - padding, ox * stride + tx * dilation - padding]
//
// Layout of g, x, y and the parameters: see weight-gradient.part.wgsl. Here x has no padding
// around it.
//
// Tile: a workgroup of 64 makes TILE_M out channels * TILE_N columns, in steps of TILE_K pixels (of all images, in
// order). The 8 * 8 invocations keep TILE_M / 8 rows, side by side, and TILE_N / 8 columns, 8 apart. Neighbours load
// neighbouring pixels; where a column's tap lies is looked up in a table.
// Dispatch: x, y: tiles, channel tiles fastest; z: group * splits + split.
#let ROWS = TILE_M / 8
#let COLUMNS = TILE_N / 8
// Rows are padded, so that storing a column meets fewer bank conflicts.
#let GRADIENT_ROW = TILE_M + 1
#let SOURCE_ROW = TILE_N + 1

struct Params {
#include "./weight-gradient-params.part.wgsl"
  paddingY: u32,
  paddingX: u32,
}
#include "./weight-gradient.part.wgsl"

var<workgroup> gradients: array<f32, $(TILE_K * GRADIENT_ROW)>;
var<workgroup> sources: array<f32, $(TILE_K * SOURCE_ROW)>;
// Of every column: where its map begins, and its tap relative to the pixel.
var<workgroup> maps: array<u32, $(TILE_N)>;
var<workgroup> tapsY: array<i32, $(TILE_N)>;
var<workgroup> tapsX: array<i32, $(TILE_N)>;

@compute @workgroup_size(64)
fn main(at: Invocation, @builtin(local_invocation_index) local: u32) {
  if (isBeyondLayers(layerOf(at))) { return; }
  let share = shareOf(layerOf(at));
  let tile = numberOf(at);
  let firstChannel = tile % params.channelTiles * $(TILE_M)u;
  let firstColumn = tile / params.channelTiles * $(TILE_N)u;
  for (var c = local; c < $(TILE_N)u; c += 64u) {
    let j = min(firstColumn + c, params.columns - 1u);
    maps[c] = params.xOffset + (share.group * params.inChannels + j / params.taps) * share.inArea;
    tapsY[c] = i32(j % params.taps / params.kernelWidth * params.dilationY) - i32(params.paddingY);
    tapsX[c] = i32(j % params.taps % params.kernelWidth * params.dilationX) - i32(params.paddingX);
  }
  // The rows and columns that this invocation computes.
  let ownRow = local / 8u * $(ROWS)u;
  let ownColumn = local % 8u;
#include "./zero-sums.part.wgsl"
  let end = share.endRow * params.outWidth;
  for (var first = share.firstRow * params.outWidth; first < end; first += $(TILE_K)u) {
    // Every invocation loads one pixel of several channels and columns.
    let q = first + local % $(TILE_K)u;
    let pixel = min(q, end - 1u);
    let n = pixel / share.outArea;
    let place = pixel - n * share.outArea;
    let inRow = i32(place / params.outWidth * params.strideY);
    let inColumn = i32(place % params.outWidth * params.strideX);
    let gAt = params.gOffset + n * params.gBatchStride + place;
    workgroupBarrier();
    for (var i = local / $(TILE_K)u; i < $(TILE_M)u; i += $(64 / TILE_K)u) {
      let m = share.group * params.outChannels + min(firstChannel + i, params.outChannels - 1u);
      gradients[local % $(TILE_K)u * $(GRADIENT_ROW)u + i] = select(0.0, g[gAt + m * share.outArea], q < end);
    }
    for (var c = local / $(TILE_K)u; c < $(TILE_N)u; c += $(64 / TILE_K)u) {
      let row = inRow + tapsY[c];
      let column = inColumn + tapsX[c];
      let inside = u32(row) < params.inHeight && u32(column) < params.inWidth && q < end;
      let at = maps[c] + n * params.xBatchStride + select(0u, u32(row) * params.inWidth + u32(column), inside);
      sources[local % $(TILE_K)u * $(SOURCE_ROW)u + c] = select(0.0, x[at], inside);
    }
    workgroupBarrier();
    for (var k = 0u; k < $(TILE_K)u; k++) {
#for c in 0..COLUMNS
      let v$(c) = sources[k * $(SOURCE_ROW)u + ownColumn + $(8 * c)u];
#end
#for i in 0..ROWS
      let g$(i) = gradients[k * $(GRADIENT_ROW)u + ownRow + $(i)u];
#for c in 0..COLUMNS
      sum$(i)_$(c) += g$(i) * v$(c);
#end
#end
    }
  }

#include "./sums.part.wgsl"
  for (var i = 0u; i < $(ROWS)u; i++) {
    let channel = firstChannel + ownRow + i;
    let row = resultOf(share, channel);
    for (var c = 0u; c < $(COLUMNS)u; c++) {
      let j = firstColumn + ownColumn + 8u * c;
      if (channel < params.outChannels && j < params.columns) {
        y[row + j] = sums[i * $(COLUMNS)u + c];
      }
    }
  }
}
