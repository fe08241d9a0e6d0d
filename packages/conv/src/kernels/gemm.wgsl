// Convolution as an implicit matrix product in registers, for CPU adapters without subgroups.
//
//   y[n, m, pixel] = act(scale[m] * sum over taps t, channels k of weight[m, k, t] * (x +
//     addend)[n, k, source(pixel, t)]
//                        + shift[m] + residual[n, m, pixel])
//
// Which convolution it is, and the layout of x, weight, y, bias, affine, residual and addend: see gather.part.wgsl.
//
// Tile: one invocation makes CHANNELS * PIXELS values, pixels side by side, with CHANNELS + PIXELS loads in every step
// and no workgroup memory: a barrier costs these adapters hundreds of multiply-adds.
// Dispatch: workgroups of 32 in lines; tiles in x, y (channel tiles fastest), group * classes + class in z.
#let ROWS = CHANNELS
#let COLUMNS = PIXELS
#include "./weight.part.wgsl"

struct Params {
#include "./gather-params.part.wgsl"
  channelTiles: u32,
}
#include "./gather.part.wgsl"

@compute @workgroup_size(32)
fn main(at: Invocation, @builtin(local_invocation_index) local: u32) {
  if (isBeyondLayers(layerOf(at))) { return; }
  let layer = gatherLayer(layerOf(at));
  let tile = numberOf(at) * 32u + local;
  let firstChannel = tile % params.channelTiles * $(CHANNELS)u;
  let firstPixel = tile / params.channelTiles * $(PIXELS)u;
  if (firstPixel >= params.pixels) { return; }
#for i in 0..CHANNELS
  let m$(i) = i32(min(firstChannel + $(i)u, params.outChannels - 1u));
#end
#for j in 0..PIXELS
  let pixel$(j) = pixelAt(firstPixel + $(j)u);
#end
#include "./zero-sums.part.wgsl"
#if TAPS
  for (var t = 0; t < tapCount(); t++) {
    let tap = tapOf(layer, t);
    if (!tap.seen) { continue; }
#else
  {
    let tap = Tap();
#end
#for j in 0..PIXELS
    let source$(j) = sourceOf(layer, pixel$(j), tap);
    var at$(j) = source$(j).at;
    var addendAt$(j) = source$(j).addendAt;
#end
    var weightAt = layer.weight + tap.weight;
    for (var k = 0u; k < params.inChannels; k++) {
#for j in 0..PIXELS
#if TAPS
      let v$(j) = select(0.0, source(at$(j), addendAt$(j)), source$(j).inside);
#else
      let v$(j) = source(at$(j), addendAt$(j));
#end
      at$(j) += params.xChannelStride;
      addendAt$(j) += params.xChannelStride;
#end
#for i in 0..CHANNELS
      let w$(i) = f32(weight[weightAt + m$(i) * params.weightOutStride]);
#for j in 0..PIXELS
      sum$(i)_$(j) += w$(i) * v$(j);
#end
#end
      weightAt += params.weightInStride;
    }
  }

#include "./sums.part.wgsl"
  let outChannels = min($(CHANNELS)u, params.outChannels - firstChannel);
  for (var j = 0u; j < $(PIXELS)u; j++) {
    let result = resultAt(layer, firstPixel + j);
    if (!result.inside) { continue; }
    for (var i = 0u; i < outChannels; i++) {
      finish(sums[i * $(PIXELS)u + j], layer, result.n, firstChannel + i, result.place);
    }
  }
}
