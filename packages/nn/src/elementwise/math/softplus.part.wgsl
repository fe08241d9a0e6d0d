// log(1 + exp(beta v)) / beta, and v where beta v is above the threshold. Needs exp.part.wgsl and
// log-one-plus.part.wgsl.

fn softplus(v: f32, beta: f32, threshold: f32) -> f32 {
  let z = beta * v;
  let usual = (max(z, 0.0) + logOnePlus(preciseExp(-abs(z)))) / beta;
  return keepNan(select(usual, v, z > threshold), v);
}
