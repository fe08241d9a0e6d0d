// mish(v) = v tanh(log(1 + exp(v))) = v n / (n + 2), n = e (e + 2), e = exp(v); with exp(-v) where v is positive, so
// that nothing overflows. Needs exp.part.wgsl and sigmoid.part.wgsl.

fn mishGate(v: f32) -> f32 {
  let e = preciseExp(-abs(v));
  let falling = e * (e + 2.0) / (e * (e + 2.0) + 2.0);
  let rising = (1.0 + 2.0 * e) / (1.0 + 2.0 * e * (1.0 + e));
  return select(falling, rising, v >= 0.0);
}

/// The derivative of mish: t + v sigmoid(v) (1 - t^2), t = mishGate(v).
fn mishSlope(v: f32) -> f32 {
  let t = mishGate(v);
  return t + v * sigmoid(v) * (1.0 - t * t);
}
