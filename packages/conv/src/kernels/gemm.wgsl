// Convolution as an implicit matrix product in registers, for CPU adapters without subgroups.
//
//   y[n, m, pixel] = act(scale[m] * sum over taps t, channels k of weight[m, k, t] * (x +
//     addend)[n, k, source(pixel, t)]
//                        + shift[m] + residual[n, m, pixel])
//
// Which convolution it is, and the layout of x, weight, y, bias, affine, residual and addend: see gemm-subgroup.wgsl,
// whose parameters these are.
//
// Tile: one invocation makes CHANNELS * PIXELS values, pixels side by side, with CHANNELS + PIXELS loads in every step
// and no workgroup memory: a barrier costs these adapters hundreds of multiply-adds.
// Dispatch: workgroups of 32 in lines; tiles in x, y (channel tiles fastest), group * classes + class in z.
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

@compute @workgroup_size(32)
fn main(
#include "./workgroup-id.part.wgsl"
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
#include "./layer.part.wgsl"
  let classes = u32(params.resultStrideY * params.resultStrideX);
  let group = workgroup.z / classes;
  let classY = i32(workgroup.z % classes) / params.resultStrideX;
  let classX = i32(workgroup.z) % params.resultStrideX;
  let xGroup = params.xOffset + group * params.inChannels * params.xChannelStride;
  let addendGroup = params.addendOffset + group * params.inChannels * params.xChannelStride;
  let weightGroup = params.weightOffset + i32(group) * params.weightGroupStride;
  let tile = (workgroup.y * workgroups.x + workgroup.x) * 32u + local;
  let firstChannel = tile % params.channelTiles * $(CHANNELS)u;
  let firstPixel = tile / params.channelTiles * $(PIXELS)u;
  if (firstPixel >= params.pixels) {
    return;
  }
#for i in 0..CHANNELS
  let m$(i) = i32(min(firstChannel + $(i)u, params.outChannels - 1u));
#end
#for j in 0..PIXELS
  let q$(j) = min(firstPixel + $(j)u, params.pixels - 1u);
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
      var weightAt = weightGroup + tap;
      for (var k = 0u; k < params.inChannels; k++) {
#for j in 0..PIXELS
#if TAPS
        let v$(j) = select(0.0, source(at$(j), addendAt$(j)), inside$(j));
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
    let q = firstPixel + j;
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
