// Batch norm in inference mode after a convolution, as one multiply-add per channel: y = conv * scale + shift with
//
//   scale = gamma / sqrt(variance + eps),   shift = beta + (bias - mean) * scale
//
//   gamma, beta, mean, variance, bias  [channels] (bias: that of the convolution, if it has one)
//   affine                             [2, channels]: scale, then shift
//
// Dispatch: one invocation per channel, in lines of 32.
struct Params {
  channels: u32,
  eps: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gamma: array<f32>;
@group(0) @binding(2) var<storage, read> beta: array<f32>;
@group(0) @binding(3) var<storage, read> mean: array<f32>;
@group(0) @binding(4) var<storage, read> variance: array<f32>;
#if BIAS
@group(0) @binding(5) var<storage, read> bias: array<f32>;
#end
@group(0) @binding(6) var<storage, read_write> affine: array<f32>;

@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let channel = id.x;
  if (channel >= params.channels) {
    return;
  }
  let scale = gamma[channel] / sqrt(variance[channel] + params.eps);
#if BIAS
  let center = bias[channel] - mean[channel];
#else
  let center = -mean[channel];
#end
  affine[channel] = scale;
  affine[params.channels + channel] = beta[channel] + center * scale;
}
