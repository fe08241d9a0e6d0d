// Convolution as an implicit matrix product through workgroup memory, for GPUs.
//
//   y[n, m, pixel] = act(scale[m] * sum over taps t, channels k of weight[m, k, t] * (x +
//     addend)[n, k, source(pixel, t)]
//                        + shift[m] + residual[n, m, pixel])
//
// Which convolution it is, and the layout of x, weight, y, bias, affine, residual and addend: see gather.part.wgsl.
//
// Tile: a workgroup of 64 makes TILE_M channels * TILE_N pixels, in steps of TILE_K source channels of one tap. The 8 *
// 8 invocations keep TILE_M / 8 rows, side by side, and TILE_N / 8 columns, 8 apart, so that neighbours store side by
// side. An invocation loads always the same pixel, so that only a new tap makes it compute an address.
// Dispatch: x, y: tiles, channel tiles fastest; z: group * classes + class.
#let ROWS = TILE_M / 8
#let COLUMNS = TILE_N / 8
// Rows of the weight tile are padded, so that storing a column of it meets fewer bank conflicts.
#let WEIGHT_ROW = TILE_M + 4
#include "./weight.part.wgsl"

struct Params {
#include "./gather-params.part.wgsl"
  channelTiles: u32,
}
#include "./gather.part.wgsl"

var<workgroup> weights: array<f32, $(TILE_K * WEIGHT_ROW)>;
var<workgroup> sources: array<f32, $(TILE_K * TILE_N)>;

@compute @workgroup_size(64)
fn main(at: Invocation, @builtin(local_invocation_index) local: u32) {
  if (isBeyondLayers(layerOf(at))) { return; }
  let layer = gatherLayer(layerOf(at));
  let tile = numberOf(at);
  let firstChannel = tile % params.channelTiles * $(TILE_M)u;
  let firstPixel = tile / params.channelTiles * $(TILE_N)u;

  // The pixel that this invocation loads.
  let pixel = pixelAt(firstPixel + local % $(TILE_N)u);
  // The rows and columns that it computes.
  let firstRow = local / 8u * $(ROWS)u;
  let firstColumn = local % 8u;
#include "./zero-sums.part.wgsl"
  for (var t = 0; t < tapCount(); t++) {
    let tap = tapOf(layer, t);
    if (!tap.seen) { continue; }
    let loaded = sourceOf(layer, pixel, tap);
    for (var first = 0u; first < params.inChannels; first += $(TILE_K)u) {
      for (var k = local / $(TILE_N)u; k < $(TILE_K)u; k += $(64 / TILE_N)u) {
        let channel = min(first + k, params.inChannels - 1u) * params.xChannelStride;
        let value = source(loaded.at + channel, loaded.addendAt + channel);
        sources[k * $(TILE_N)u + local % $(TILE_N)u] = select(0.0, value, loaded.inside && first + k < params.inChannels);
      }
      for (var e = local; e < $(TILE_M * TILE_K)u; e += 64u) {
        let k = first + e % $(TILE_K)u;
        let m = min(firstChannel + e / $(TILE_K)u, params.outChannels - 1u);
        let weightAt = layer.weight + tap.weight + i32(m) * params.weightOutStride
          + i32(min(k, params.inChannels - 1u)) * params.weightInStride;
        weights[e % $(TILE_K)u * $(WEIGHT_ROW)u + e / $(TILE_K)u] = select(0.0, f32(weight[weightAt]), k < params.inChannels);
      }
      workgroupBarrier();
      for (var k = 0u; k < $(TILE_K)u; k++) {
#for j in 0..COLUMNS
        let v$(j) = sources[k * $(TILE_N)u + firstColumn + $(8 * j)u];
#end
#for i in 0..ROWS
        let w$(i) = weights[k * $(WEIGHT_ROW)u + firstRow + $(i)u];
#for j in 0..COLUMNS
        sum$(i)_$(j) += w$(i) * v$(j);
#end
#end
      }
      workgroupBarrier();
    }
  }

#include "./sums.part.wgsl"
  for (var j = 0u; j < $(COLUMNS)u; j++) {
    let result = resultAt(layer, firstPixel + firstColumn + 8u * j);
    if (!result.inside) { continue; }
    for (var i = 0u; i < $(ROWS)u; i++) {
      let channel = firstChannel + firstRow + i;
      if (channel < params.outChannels) {
        finish(sums[i * $(COLUMNS)u + j], layer, result.n, channel, result.place);
      }
    }
  }
}
