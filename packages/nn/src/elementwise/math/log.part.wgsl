// log to float32's last digits. WGSL lets a device's log be off by 2^-21 near 1, where it is 0. Needs nan.part.wgsl.

fn infinity() -> f32 {
  var bits = 0x7f800000u;
  return bitcast<f32>(bits);
}

/// v > 0 as m 2^k with m in [sqrt(1/2), sqrt(2)): log(m) and k.
fn splitLog(v: f32) -> vec2<f32> {
  let isTiny = v < 1.1754944e-38;
  let bits = bitcast<i32>(select(v, v * 8388608.0, isTiny));
  let k = (bits - 0x3f3504f3) >> 23u;
  let f = bitcast<f32>(bits - (k << 23u)) - 1.0;
  // log(1 + f) = f - f^2 / 2 + s (f^2 / 2 + R), s = f / (2 + f), R the rest of 2 artanh(s).
  let s = f / (2.0 + f);
  let q = s * s;
  let rest = q * (0.6666667 + q * (0.4 + q * (0.2857143 + q * (0.22222222 + q * 0.18181819))));
  let half = 0.5 * f * f;
  return vec2<f32>(f - (half - s * (half + rest)), f32(k - select(0, 23, isTiny)));
}

/// log(v): within 1.5 units of the last place. -Infinity at 0, NaN below, Infinity of Infinity.
fn preciseLog(v: f32) -> f32 {
  let parts = splitLog(v);
  let usual = (parts.x + parts.y * -0.00021219444) + parts.y * 0.693359375;
  let bits = bitcast<u32>(v);
  let edge = select(select(nan(), -infinity(), (bits & 0x7fffffffu) == 0u), v, bits == 0x7f800000u || isNan(v));
  return select(edge, usual, bits > 0u && bits < 0x7f800000u);
}
