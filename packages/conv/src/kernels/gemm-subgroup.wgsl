// Convolution as an implicit matrix product, for CPU adapters that have subgroups.
//
//   y[n, m, pixel] = act(scale[m] * sum over taps t, channels k of weight[m, k, t] * (x +
//     addend)[n, k, source(pixel, t)]
//                        + shift[m] + residual[n, m, pixel])
//
// Which convolution it is, and the layout of x, weight, y, bias, affine, residual and addend: see gather.part.wgsl.
//
// Tile: one subgroup makes CHANNELS * (PIXELS * SUBGROUP) values; lane l has the pixels l, l + SUBGROUP, ... In every
// step a lane loads CHANNELS / SUBGROUP weights and PIXELS values of x, and broadcasts its weights to the other lanes:
// on these adapters a broadcast costs one addition, a load as much as ten. UNROLL steps load first and are then added
// sum by sum, in the same order: SwiftShader keeps what a loop carries in memory, so that every sum is fetched and
// stored once per turn.
// Dispatch: one subgroup per workgroup; x, y: tiles, channel tiles fastest; z: group * classes + class.
#let ROWS = CHANNELS
#let COLUMNS = PIXELS
// Weights that a lane loads in a step.
#let LOADS = (CHANNELS + SUBGROUP - 1) / SUBGROUP
enable subgroups;
#include "./weight.part.wgsl"

struct Params {
#include "./gather-params.part.wgsl"
  channelTiles: u32,
}
#include "./gather.part.wgsl"

@compute @workgroup_size($(SUBGROUP))
fn main(at: Invocation, @builtin(subgroup_invocation_id) lane: u32) {
  if (isBeyondLayers(layerOf(at))) { return; }
  let layer = gatherLayer(layerOf(at));
  let tile = numberOf(at);
  let firstChannel = tile % params.channelTiles * $(CHANNELS)u;
  let firstPixel = tile / params.channelTiles * $(PIXELS * SUBGROUP)u + lane;
#for i in 0..LOADS
  let m$(i) = i32(min(firstChannel + $(i * SUBGROUP)u + lane, params.outChannels - 1u));
#end
#for j in 0..PIXELS
  let pixel$(j) = pixelAt(firstPixel + $(j * SUBGROUP)u);
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
#for i in 0..LOADS
    var weightAt$(i) = layer.weight + m$(i) * params.weightOutStride + tap.weight;
#end
    var k = 0u;
    // Two loops of one text: UNROLL steps at once, then what is left one by one.
#for rest in (UNROLL == 1)..2
#let STEPS = (UNROLL - 1) * (1 - rest) + 1
    for (; k + $(STEPS)u <= params.inChannels; k += $(STEPS)u) {
#for u in 0..STEPS
#for i in 0..LOADS
      let w$(u)_$(i) = f32(weight[weightAt$(i)]);
      weightAt$(i) += params.weightInStride;
#end
#for j in 0..PIXELS
#if TAPS
      let v$(u)_$(j) = select(0.0, source(at$(j), addendAt$(j)), source$(j).inside);
#else
      let v$(u)_$(j) = source(at$(j), addendAt$(j));
#end
      at$(j) += params.xChannelStride;
      addendAt$(j) += params.xChannelStride;
#end
#end
#for i in 0..CHANNELS
#for u in 0..STEPS
      let b$(u)_$(i) = subgroupBroadcast(w$(u)_$(i / SUBGROUP), $(i % SUBGROUP)u);
#end
#for j in 0..PIXELS
#for u in 0..STEPS
      sum$(i)_$(j) += b$(u)_$(i) * v$(u)_$(j);
#end
#end
#end
    }
#end
  }

#include "./sums.part.wgsl"
  let outChannels = min($(CHANNELS)u, params.outChannels - firstChannel);
  for (var j = 0u; j < $(PIXELS)u; j++) {
    let result = resultAt(layer, firstPixel + j * $(SUBGROUP)u);
    if (!result.inside) { continue; }
    for (var i = 0u; i < outChannels; i++) {
      finish(sums[i * $(PIXELS)u + j], layer, result.n, firstChannel + i, result.place);
    }
  }
}
