// The weight gradient of a convolution as a product of matrices, for CPU adapters that have subgroups.
//
//   y[m, (k, ty, tx)] = sum over images n, output pixels (oy, ox) of
//     g[n, m, oy, ox] * x[n, k, oy * stride + ty * dilation - padding, ox * stride + tx * dilation - padding]
//
// Layout of g, x, y and the parameters: see weight-gradient.part.wgsl.
//
// Tile: one subgroup makes CHANNELS out channels * (COLUMNS * SUBGROUP) columns j = (k, ty, tx). For every pixel a lane
// loads CHANNELS / SUBGROUP values of g, which it broadcasts, and COLUMNS values of x. TAPS 0: one tap, stride 1, no
// padding. UNROLL pixels at a time, in the same order, as in gemm-subgroup.wgsl; each map's pixels are loaded together,
// because the maps of a tile may drive each other out of the cache.
// Dispatch: one subgroup per workgroup; x, y: tiles, channel tiles fastest; z: group * splits + split.
#let ROWS = CHANNELS
// Values of g that a lane loads for a pixel.
#let LOADS = (CHANNELS + SUBGROUP - 1) / SUBGROUP
enable subgroups;

struct Params {
#include "./weight-gradient-params.part.wgsl"
}
#include "./weight-gradient.part.wgsl"

@compute @workgroup_size($(SUBGROUP))
fn main(at: Invocation, @builtin(subgroup_invocation_id) lane: u32) {
  if (isBeyondLayers(layerOf(at))) { return; }
  let share = shareOf(layerOf(at));
  let tile = numberOf(at);
  let firstChannel = tile % params.channelTiles * $(CHANNELS)u;
  let firstColumn = tile / params.channelTiles * $(COLUMNS * SUBGROUP)u + lane;
#for i in 0..LOADS
  let gMap$(i) = gradientOf(share, min(firstChannel + $(i * SUBGROUP)u + lane, params.outChannels - 1u));
#end
#for c in 0..COLUMNS
  let j$(c) = min(firstColumn + $(c * SUBGROUP)u, params.columns - 1u);
  let map$(c) = mapOf(share, j$(c));
#end
#include "./zero-sums.part.wgsl"
#if TAPS
  for (var row = share.firstRow; row < share.endRow; row++) {
    let n = row / params.outHeight;
    let gAt = n * params.gBatchStride + row % params.outHeight * params.outWidth;
    let first = row % params.outHeight * params.strideY * params.inWidth;
    let count = params.outWidth;
#else
  // One tap of stride 1 without padding: the pixels of an image are one row.
  for (var n = share.firstRow / params.outHeight; n * params.outHeight < share.endRow; n++) {
    let start = max(share.firstRow, n * params.outHeight) - n * params.outHeight;
    let first = start * params.outWidth;
    let gAt = n * params.gBatchStride + first;
    let count = (min(share.endRow - n * params.outHeight, params.outHeight) - start) * params.outWidth;
#end
#for c in 0..COLUMNS
    var at$(c) = map$(c) + n * params.xBatchStride + first;
#end
    var p = 0u;
    // Two loops of one text: UNROLL pixels at once, then what is left one by one.
#for rest in (UNROLL == 1)..2
#let STEPS = (UNROLL - 1) * (1 - rest) + 1
    for (; p + $(STEPS)u <= count; p += $(STEPS)u) {
#for i in 0..LOADS
#for u in 0..STEPS
      let g$(u)_$(i) = g[gMap$(i) + gAt + p + $(u)u];
#end
#end
#for c in 0..COLUMNS
#for u in 0..STEPS
      let v$(u)_$(c) = x[at$(c)];
      at$(c) += params.strideX;
#end
#end
#for i in 0..CHANNELS
#for u in 0..STEPS
      let b$(u)_$(i) = subgroupBroadcast(g$(u)_$(i / SUBGROUP), $(i % SUBGROUP)u);
#end
#for c in 0..COLUMNS
#for u in 0..STEPS
      sum$(i)_$(c) += b$(u)_$(i) * v$(u)_$(c);
#end
#end
#end
    }
#end
  }

#include "./sums.part.wgsl"
  let outChannels = min($(CHANNELS)u, params.outChannels - firstChannel);
  for (var c = 0u; c < $(COLUMNS)u; c++) {
    let j = firstColumn + c * $(SUBGROUP)u;
    if (j >= params.columns) { continue; }
    for (var i = 0u; i < outChannels; i++) {
      y[resultOf(share, firstChannel + i) + j] = sums[i * $(COLUMNS)u + c];
    }
  }
}
