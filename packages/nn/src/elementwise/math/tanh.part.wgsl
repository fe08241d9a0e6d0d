// tanh to float32's last digits, which no large value overflows. Needs exp.part.wgsl.

fn preciseTanh(v: f32) -> f32 {
  let e = expm1(2.0 * min(abs(v), 10.0));
  let size = e / (e + 2.0);
  return keepNan(select(size, -size, v < 0.0), v);
}
