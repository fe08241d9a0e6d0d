// relu by the bits of a float: see nan.part.wgsl for why. A NaN stays one.

/// 0 for negative numbers (-Infinity among them), else v: 0, -0, positive numbers, and NaN of either sign.
fn relu(v: f32) -> f32 {
  return select(v, 0.0, bitcast<u32>(v) - 0x80000001u <= 0x7f7fffffu);
}
