// exp and expm1 to float32's last digits. WGSL lets a device's exp be off by 3 + 2 |x| units of the last place. Needs
// nan.part.wgsl.

fn powerOfTwo(k: i32) -> f32 {
  return bitcast<f32>(u32(k + 127) << 23u);
}

/// exp(r) 2^k, for |r| <= 0.35 and -150 <= k <= 129: the series up to r^7, and 2^k as two factors that are numbers.
fn scaledExp(r: f32, k: f32) -> f32 {
  let series = 1.0 + r * (1.0 + r * (0.5 + r * (0.16666667 + r * (0.041666668
    + r * (0.008333334 + r * (0.0013888889 + r * 0.0001984127))))));
  let whole = i32(k);
  let half = whole / 2;
  return series * powerOfTwo(half) * powerOfTwo(whole - half);
}

/// exp(v): within 1.5 units of the last place. 0 below -104, Infinity above 88.7, NaN of NaN.
fn preciseExp(v: f32) -> f32 {
  let w = clamp(v, -104.0, 89.0);
  let k = floor(w * 1.442695 + 0.5);
  // ln 2 in two parts; a multiple of the first is exact.
  let r = (w - k * 0.693359375) - k * -0.00021219444;
  return keepNan(scaledExp(r, k), v);
}

/// exp(v) - 1, without the cancellation near 0.
fn expm1(v: f32) -> f32 {
  let series = v + v * v * (0.5 + v * (0.16666667 + v * (0.041666668 + v * (0.008333334
    + v * (0.0013888889 + v * (0.0001984127 + v * 0.000024801587))))));
  return select(preciseExp(v) - 1.0, series, abs(v) < 0.5);
}
