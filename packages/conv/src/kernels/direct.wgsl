// Convolution without a product: for few result channels per group (depthwise, one-channel maps), on any adapter.
//
//   y[n, m, pixel] = act(scale[m] * sum over taps t, channels k of weight[m, k, t] * (x +
//     addend)[n, k, source(pixel, t)]
//                        + shift[m] + residual[n, m, pixel])
//
// Which convolution it is, and the layout of x, weight, y, bias, affine, residual and addend: see gather.part.wgsl.
//
// Tile: one invocation makes CHANNELS channels of 4 * 4 pixels. WIDTH is the number of taps of a kernel row that share
// one load of 3 * STEP + WIDTH source values: the kernel's whole width where dilation is 1 and STEP the stride (no
// classes); or WIDTH 1 and STEP 1 for anything, where every tap loads its own 4 values.
// Dispatch: workgroups of 32 in lines; blocks in x, y (block columns fastest, then block rows, images, channel tiles),
// group * classes + class in z.
#let ROWS = CHANNELS
#let COLUMNS = 16
// Source values of a row.
#let LOADS = 3 * STEP + WIDTH
#include "./weight.part.wgsl"

struct Params {
#include "./gather-params.part.wgsl"
  blockColumns: u32,
  blockRows: u32,
  batch: u32,
}
#include "./gather.part.wgsl"

@compute @workgroup_size(32)
fn main(at: Invocation, @builtin(local_invocation_index) local: u32) {
  if (isBeyondLayers(layerOf(at))) { return; }
  let layer = gatherLayer(layerOf(at));
  var block = numberOf(at) * 32u + local;
  let gridColumn = i32(block % params.blockColumns) * 4;
  block /= params.blockColumns;
  let gridRow = i32(block % params.blockRows) * 4;
  block /= params.blockRows;
  let n = block % params.batch;
  let firstChannel = block / params.batch * $(CHANNELS)u;
  if (firstChannel >= params.outChannels) { return; }
#for i in 0..CHANNELS
  let m$(i) = layer.weight + i32(min(firstChannel + $(i)u, params.outChannels - 1u)) * params.weightOutStride;
#end
#include "./zero-sums.part.wgsl"
  for (var ky = 0; ky < params.kernelHeight; ky++) {
    let tapY = tapRow(layer, ky);
    if (tapY == UNSEEN) { continue; }
#for r in 0..4
    let row$(r) = (gridRow + $(r)) * params.sourceStrideY + tapY;
    let rowInside$(r) = u32(row$(r)) < params.sourceHeight;
    let rowPlace$(r) = select(0u, u32(row$(r)) * params.sourceWidth, rowInside$(r));
#end
    for (var kx = 0; kx < params.kernelWidth; kx += $(WIDTH)) {
      let tapX = tapColumn(layer, kx);
      if (tapX == UNSEEN) { continue; }
      let tap = ky * params.weightTapStrideY + kx * params.weightTapStrideX;
#for c in 0..LOADS
#if WIDTH == 1
      let column$(c) = (gridColumn + $(c)) * params.sourceStrideX + tapX;
#else
      let column$(c) = gridColumn * $(STEP) + $(c) + tapX;
#end
      let columnInside$(c) = u32(column$(c)) < params.sourceWidth;
      let columnPlace$(c) = select(0u, u32(column$(c)), columnInside$(c));
#end
      var at = layer.x + n * params.xBatchStride;
      var addendAt = layer.addend + n * params.addendBatchStride;
      var weightAt = tap;
      for (var k = 0u; k < params.inChannels; k++) {
#for r in 0..4
#for c in 0..LOADS
        let place$(r)_$(c) = rowPlace$(r) + columnPlace$(c);
        let value$(r)_$(c) = source(at + place$(r)_$(c), addendAt + place$(r)_$(c));
        let v$(r)_$(c) = select(0.0, value$(r)_$(c), rowInside$(r) && columnInside$(c));
#end
#end
#for t in 0..WIDTH
#for i in 0..CHANNELS
        let w$(t)_$(i) = f32(weight[m$(i) + weightAt + $(t) * params.weightTapStrideX]);
#for r in 0..4
#for c in 0..4
        sum$(i)_$(r * 4 + c) += w$(t)_$(i) * v$(r)_$(c * STEP + t);
#end
#end
#end
#end
        at += params.xChannelStride;
        addendAt += params.xChannelStride;
        weightAt += params.weightInStride;
      }
    }
  }

#include "./sums.part.wgsl"
  let outChannels = min($(CHANNELS)u, params.outChannels - firstChannel);
  for (var j = 0; j < 16; j++) {
    let row = (gridRow + j / 4) * params.resultStrideY + layer.classY;
    let column = (gridColumn + j % 4) * params.resultStrideX + layer.classX;
    if (u32(row) >= params.resultHeight || u32(column) >= params.resultWidth) { continue; }
    let place = u32(row) * params.resultWidth + u32(column);
    for (var i = 0u; i < outChannels; i++) {
      finish(sums[i * 16u + u32(j)], layer, n, firstChannel + i, place);
    }
  }
}
