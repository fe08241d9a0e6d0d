// The logistic function 1 / (1 + exp(-v)), to float32's last digits. Needs exp.part.wgsl.

fn sigmoid(v: f32) -> f32 {
  let small = preciseExp(-abs(v));
  let large = 1.0 / (1.0 + small);
  return keepNan(select(small * large, large, v >= 0.0), v);
}
