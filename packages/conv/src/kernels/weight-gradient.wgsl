// The weight gradient of a convolution as a product of matrices in registers: for CPU adapters without subgroups, and
// with CHANNELS 1, COLUMNS 1 for groups of so few channels that larger tiles would be mostly empty, on any adapter.
//
//   y[m, (k, ty, tx)] = sum over images n, output pixels (oy, ox) of
//     g[n, m, oy, ox] * x[n, k, oy * stride + ty * dilation - padding, ox * stride + tx * dilation - padding]
//
// Layout of g, x, y and the parameters: see weight-gradient.part.wgsl.
//
// Tile: one invocation makes CHANNELS * COLUMNS values.
// Dispatch: workgroups of 32 in lines; tiles in x, y (channel tiles fastest), group * splits + split in z.
#let ROWS = CHANNELS

struct Params {
#include "./weight-gradient-params.part.wgsl"
}
#include "./weight-gradient.part.wgsl"

@compute @workgroup_size(32)
fn main(at: Invocation, @builtin(local_invocation_index) local: u32) {
  if (isBeyondLayers(layerOf(at))) { return; }
  let share = shareOf(layerOf(at));
  let tile = numberOf(at) * 32u + local;
  let firstChannel = tile % params.channelTiles * $(CHANNELS)u;
  let firstColumn = tile / params.channelTiles * $(COLUMNS)u;
  if (firstColumn >= params.columns) { return; }
#for i in 0..CHANNELS
  let gMap$(i) = gradientOf(share, min(firstChannel + $(i)u, params.outChannels - 1u));
#end
#for c in 0..COLUMNS
  let j$(c) = min(firstColumn + $(c)u, params.columns - 1u);
  let map$(c) = mapOf(share, j$(c));
#end
#include "./zero-sums.part.wgsl"
#if TAPS
  for (var row = share.firstRow; row < share.endRow; row++) {
    let n = row / params.outHeight;
    let gAt = n * params.gBatchStride + row % params.outHeight * params.outWidth;
    let inRow = row % params.outHeight * params.strideY;
#for c in 0..COLUMNS
    var at$(c) = map$(c) + n * params.xBatchStride + inRow * params.inWidth;
#end
    for (var p = 0u; p < params.outWidth; p++) {
#for c in 0..COLUMNS
      let v$(c) = x[at$(c)];
      at$(c) += params.strideX;
#end
#else
  // One tap of stride 1 without padding: the pixels of an image are one row.
  for (var n = share.firstRow / params.outHeight; n * params.outHeight < share.endRow; n++) {
    let gAt = n * params.gBatchStride;
#for c in 0..COLUMNS
    let at$(c) = map$(c) + n * params.xBatchStride;
#end
    let start = max(share.firstRow, n * params.outHeight) - n * params.outHeight;
    let end = min(share.endRow - n * params.outHeight, params.outHeight);
    for (var p = start * params.outWidth; p < end * params.outWidth; p++) {
#for c in 0..COLUMNS
      let v$(c) = x[at$(c) + p];
#end
#end
#for i in 0..CHANNELS
      let g$(i) = g[gMap$(i) + gAt + p];
#for c in 0..COLUMNS
      sum$(i)_$(c) += g$(i) * v$(c);
#end
#end
    }
  }

#include "./sums.part.wgsl"
  let outChannels = min($(CHANNELS)u, params.outChannels - firstChannel);
  for (var c = 0u; c < $(COLUMNS)u; c++) {
    let j = firstColumn + c;
    if (j >= params.columns) { continue; }
    for (var i = 0u; i < outChannels; i++) {
      y[resultOf(share, firstChannel + i) + j] = sums[i * $(COLUMNS)u + c];
    }
  }
}
