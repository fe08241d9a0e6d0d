// Convolution as an implicit matrix product, for CPU adapters that have subgroups.
//
//   y[n, m, pixel] = act(scale[m] * sum over taps t, channels k of weight[m, k, t] * (x +
//     addend)[n, k, source(pixel, t)]
//                        + shift[m] + residual[n, m, pixel])
//
// "Source" is what is read and "result" what is written. The strides in `params` decide which convolution it is:
//   forward         source row = row * stride + ky * dilation - padding; results lie densely.
//   input gradient  x is the gradient of the output. Result pixels fall into stride * stride classes (row % stride,
//                   column % stride); all pixels of a class see the same taps, those whose
//                   class + start + ky * step is divisible by the stride, at source row = row / stride + that quotient.
//   plain product   y[g] = weight[g] x[g]: one image, one tap, groups g (the products inside Winograd's convolution).
// A source value outside the image is zero. TAPS 0 leaves out what one tap of stride 1 without padding does not need.
//
// x, y       [n, channels of all groups, rows, columns], f32: value (n, c, place) is at xOffset + n * xBatchStride +
//            c * xChannelStride + place. addend lies like x, residual like y, each with an offset and a batch stride.
// weight     addressed by its strides per result channel, source channel, tap and group: any order, flipped or not.
//            Stored as f16 with HALF_WEIGHTS, and widened as it is loaded: every product and sum is f32 either way.
// bias       [result channels] (AFFINE 1), or affine [2, result channels]: scale, then shift (AFFINE 2).
// X_IN_OUTPUT, ADDEND 2: x, the addend lie in the same storage as y (ranges apart) and are read through it.
//
// Tile: one subgroup makes CHANNELS * (PIXELS * SUBGROUP) values; lane l has the pixels l, l + SUBGROUP, ... In every
// step a lane loads CHANNELS / SUBGROUP weights and PIXELS values of x, and broadcasts its weights to the other lanes:
// on these adapters a broadcast costs one addition, a load as much as ten. UNROLL steps load first and are then added
// sum by sum, in the same order: SwiftShader keeps what a loop carries in memory, so that every sum is fetched and
// stored once per turn.
// Dispatch: one subgroup per workgroup; x, y: tiles, channel tiles fastest; z: group * classes + class.
enable subgroups;
#if HALF_WEIGHTS
enable f16;
alias Weight = f16;
#else
alias Weight = f32;
#end

struct Params {
#include "./gather-params.part.wgsl"
  channelTiles: u32,
}
#include "./gather.part.wgsl"

@compute @workgroup_size($(SUBGROUP))
fn main(
#include "./workgroup-id.part.wgsl"
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(subgroup_invocation_id) lane: u32,
) {
#include "./layer.part.wgsl"
  let classes = u32(params.resultStrideY * params.resultStrideX);
  let group = workgroup.z / classes;
  let classY = i32(workgroup.z % classes) / params.resultStrideX;
  let classX = i32(workgroup.z) % params.resultStrideX;
  let xGroup = params.xOffset + group * params.inChannels * params.xChannelStride;
  let addendGroup = params.addendOffset + group * params.inChannels * params.xChannelStride;
  let weightGroup = params.weightOffset + i32(group) * params.weightGroupStride;
  let tile = workgroup.y * workgroups.x + workgroup.x;
  let firstChannel = tile % params.channelTiles * $(CHANNELS)u;
  let firstPixel = tile / params.channelTiles * $(PIXELS * SUBGROUP)u + lane;
#for i in 0..(CHANNELS + SUBGROUP - 1) / SUBGROUP
  let m$(i) = i32(min(firstChannel + $(i * SUBGROUP)u + lane, params.outChannels - 1u));
#end
#for j in 0..PIXELS
  let q$(j) = min(firstPixel + $(j * SUBGROUP)u, params.pixels - 1u);
  let n$(j) = q$(j) / params.area;
  let p$(j) = q$(j) - n$(j) * params.area;
#if TAPS
  let row$(j) = i32(p$(j) / params.columns) * params.sourceStrideY;
  let column$(j) = i32(p$(j) % params.columns) * params.sourceStrideX;
#end
#end
#for i in 0..CHANNELS
#for j in 0..PIXELS
  var sum$(i)_$(j) = 0.0;
#end
#end
#if TAPS
  for (var ky = 0; ky < params.kernelHeight; ky++) {
    let numeratorY = classY + params.tapStartY + ky * params.tapStepY;
    if (numeratorY % params.resultStrideY != 0) {
      continue;
    }
    let tapY = numeratorY / params.resultStrideY;
    for (var kx = 0; kx < params.kernelWidth; kx++) {
      let numeratorX = classX + params.tapStartX + kx * params.tapStepX;
      if (numeratorX % params.resultStrideX != 0) {
        continue;
      }
      let tapX = numeratorX / params.resultStrideX;
      let tap = ky * params.weightTapStrideY + kx * params.weightTapStrideX;
#for j in 0..PIXELS
      let inside$(j) = u32(row$(j) + tapY) < params.sourceHeight && u32(column$(j) + tapX) < params.sourceWidth;
      let place$(j) = select(0u, u32(row$(j) + tapY) * params.sourceWidth + u32(column$(j) + tapX), inside$(j));
#end
#else
  {
    {
      let tap = 0;
#for j in 0..PIXELS
      let place$(j) = p$(j);
#end
#end
#for j in 0..PIXELS
      var at$(j) = xGroup + n$(j) * params.xBatchStride + place$(j);
      var addendAt$(j) = addendGroup + n$(j) * params.addendBatchStride + place$(j);
#end
#for i in 0..(CHANNELS + SUBGROUP - 1) / SUBGROUP
      var weightAt$(i) = weightGroup + m$(i) * params.weightOutStride + tap;
#end
      var k = 0u;
      // Two loops of one text: UNROLL steps at once, then what is left one by one.
#for rest in (UNROLL == 1)..2
      for (; k + $((UNROLL - 1) * (1 - rest) + 1)u <= params.inChannels; k += $((UNROLL - 1) * (1 - rest) + 1)u) {
#for u in 0..(UNROLL - 1) * (1 - rest) + 1
#for i in 0..(CHANNELS + SUBGROUP - 1) / SUBGROUP
        let w$(u)_$(i) = f32(weight[weightAt$(i)]);
        weightAt$(i) += params.weightInStride;
#end
#for j in 0..PIXELS
#if TAPS
        let v$(u)_$(j) = select(0.0, source(at$(j), addendAt$(j)), inside$(j));
#else
        let v$(u)_$(j) = source(at$(j), addendAt$(j));
#end
        at$(j) += params.xChannelStride;
        addendAt$(j) += params.xChannelStride;
#end
#end
#for i in 0..CHANNELS
#for u in 0..(UNROLL - 1) * (1 - rest) + 1
        let b$(u)_$(i) = subgroupBroadcast(w$(u)_$(i / SUBGROUP), $(i % SUBGROUP)u);
#end
#for j in 0..PIXELS
#for u in 0..(UNROLL - 1) * (1 - rest) + 1
        sum$(i)_$(j) += b$(u)_$(i) * v$(u)_$(j);
#end
#end
#end
      }
#end
    }
  }

  // Registers cannot be indexed in a loop, and unrolled stores take ten times as long to compile: through an array.
  var sums: array<f32, $(CHANNELS * PIXELS)>;
#for i in 0..CHANNELS
#for j in 0..PIXELS
  sums[$(i * PIXELS + j)] = sum$(i)_$(j);
#end
#end
  let outChannels = min($(CHANNELS)u, params.outChannels - firstChannel);
  for (var j = 0u; j < $(PIXELS)u; j++) {
    let q = firstPixel + j * $(SUBGROUP)u;
    let n = q / params.area;
    let p = q - n * params.area;
#if TAPS
    let row = i32(p / params.columns) * params.resultStrideY + classY;
    let column = i32(p % params.columns) * params.resultStrideX + classX;
    let place = u32(row) * params.resultWidth + u32(column);
    if (q >= params.pixels || u32(row) >= params.resultHeight || u32(column) >= params.resultWidth) {
      continue;
    }
#else
    let place = p;
    if (q >= params.pixels) {
      continue;
    }
#end
    for (var i = 0u; i < outChannels; i++) {
      finish(sums[i * $(PIXELS)u + j], n, group * params.outChannels + firstChannel + i, place);
    }
  }
}
