/// max(log p, -100), also for p = 0. The bound is the smallest normal float: below it a device may take p for 0.
fn clampedLog(p: f32) -> f32 {
  let smallest = 1.1754944e-38;
  return select(log(max(p, smallest)), -100.0, p < smallest);
}

/// 0 <= p <= 1, asked of the bits, so that NaN is none.
fn isProbability(p: f32) -> bool {
  let bits = bitcast<u32>(p);
  return bits <= 0x3f800000u || bits == 0x80000000u;
}
