// The logistic function and the cross entropy made of it, to float32's last digits and with PyTorch's values for NaN
// and Infinity.

#include "@infnet/core/kernels/nan.part.wgsl"
#include "./math/log-one-plus.part.wgsl"

fn sigmoid(z: f32) -> f32 {
  let small = exp(-abs(z));
  let large = 1.0 / (1.0 + small);
  return keepNan(select(small * large, large, z >= 0.0), z);
}

/// 1 - sigmoid(z), without the cancellation.
fn oneMinusSigmoid(z: f32) -> f32 {
  let small = exp(-abs(z));
  let large = 1.0 / (1.0 + small);
  return keepNan(select(large, small * large, z >= 0.0), z);
}

/// sigmoid(z) - t as p (1 - t) - (1 - p) t, which keeps its digits where p comes near t = 1.
fn sigmoidMinus(z: f32, truth: f32) -> f32 {
  return sigmoid(z) * (1.0 - truth) - oneMinusSigmoid(z) * truth;
}

/// The cross entropy of sigmoid(z) with t: max(z, 0) - z t + log(1 + exp(-|z|)). Where z is infinite or NaN: (1 - t) z
/// - min(z, 0).
fn logisticCrossEntropy(z: f32, truth: f32) -> f32 {
  let usual = max(z, 0.0) - z * truth + logOnePlus(exp(-abs(z)));
  return select((1.0 - truth) * z - min(z, 0.0), usual, isFinite(z));
}
