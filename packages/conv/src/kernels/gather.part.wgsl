// What every kernel that gathers x by taps is bound to, how it reads a value of x, and how it finishes a sum.
@group(0) @binding(0) var<uniform> params: Params;
#if X_IN_OUTPUT == 0
@group(0) @binding(1) var<storage, read> x: array<f32>;
#end
@group(0) @binding(2) var<storage, read> weight: array<Weight>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
#if AFFINE == 1
@group(0) @binding(4) var<storage, read> bias: array<f32>;
#elif AFFINE == 2
@group(0) @binding(4) var<storage, read> affine: array<f32>;
#end
#if RESIDUAL
@group(0) @binding(5) var<storage, read> residual: array<f32>;
#end
#if ADDEND == 1
@group(0) @binding(6) var<storage, read> addend: array<f32>;
#end

#include "../../../core/src/kernels/relu.part.wgsl"

// x (+ addend); `at` and `addendAt` are indices into their buffers.
fn source(at: u32, addendAt: u32) -> f32 {
#if X_IN_OUTPUT
  var value = y[at];
#else
  var value = x[at];
#end
#if ADDEND == 1
  value += addend[addendAt];
#elif ADDEND == 2
  value += y[addendAt];
#end
  return value;
}

// Writes one result: `channel` of all groups, `place` inside its map.
fn finish(sum: f32, n: u32, channel: u32, place: u32) {
  var value = sum;
#if AFFINE == 1
  value += bias[params.affineOffset + channel];
#elif AFFINE == 2
  let scale = affine[params.affineOffset + channel];
  value = value * scale + affine[params.affineOffset + params.channels + channel];
#end
#if RESIDUAL
  value += residual[params.residualOffset + n * params.residualBatchStride + channel * params.yChannelStride + place];
#end
  value = select(value, relu(value), params.relu != 0u);
  y[params.yOffset + n * params.yBatchStride + channel * params.yChannelStride + place] = value;
}
