/// log(1 + e) for 0 <= e <= 1, as 2 artanh(e / (2 + e)): exact to float32 where log(1 + e) would round 1 + e first.
fn logOnePlus(e: f32) -> f32 {
  let s = e / (2.0 + e);
  let q = s * s;
  let odd = 0.1111111 + q * (0.09090909 + q * 0.07692308);
  return 2.0 * s * (1.0 + q * (0.33333334 + q * (0.2 + q * (0.14285715 + q * odd))));
}
