// NaN and Infinity, asked of the bits. WGSL lets a compiler assume that no float is NaN: max(v, 0) may give either
// operand, and v != v, or a choice by v < 0, may be folded into it. Integers have no such rules, so these questions
// survive every compiler.

fn isNan(v: f32) -> bool {
  return (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u;
}

fn isFinite(v: f32) -> bool {
  return (bitcast<u32>(v) & 0x7fffffffu) < 0x7f800000u;
}

/// A NaN. Not a constant: WGSL refuses constants that are none.
fn nan() -> f32 {
  var bits = 0x7fc00000u;
  return bitcast<f32>(bits);
}

/// `result`, but NaN where `v` is: for functions whose NaN a device may lose (exp, log, min, max).
fn keepNan(result: f32, v: f32) -> f32 {
  return select(result, v, isNan(v));
}

fn keepNan4(result: vec4<f32>, v: vec4<f32>) -> vec4<f32> {
  return select(result, v, (bitcast<vec4<u32>>(v) & vec4<u32>(0x7fffffffu)) > vec4<u32>(0x7f800000u));
}
