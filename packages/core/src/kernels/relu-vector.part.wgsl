// relu and its gradient by the bits of floats, for one value or four: see nan.part.wgsl for why. A NaN stays one.

#include "./relu.part.wgsl"

fn relu4(v: vec4<f32>) -> vec4<f32> {
  return select(v, vec4<f32>(0.0), bitcast<vec4<u32>>(v) - vec4<u32>(0x80000001u) <= vec4<u32>(0x7f7fffffu));
}

/// `g` where v is above 0 or NaN, else 0: the gradient of relu at its result v.
fn reluSlope(v: f32, g: f32) -> f32 {
  let bits = bitcast<u32>(v);
  return select(g, 0.0, bits == 0u || bits - 0x80000000u <= 0x7f800000u);
}

fn reluSlope4(v: vec4<f32>, g: vec4<f32>) -> vec4<f32> {
  let bits = bitcast<vec4<u32>>(v);
  let off = (bits == vec4<u32>(0u)) | (bits - vec4<u32>(0x80000000u) <= vec4<u32>(0x7f800000u));
  return select(g, vec4<f32>(0.0), off);
}
