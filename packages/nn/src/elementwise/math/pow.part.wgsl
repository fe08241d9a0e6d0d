// pow as C and PyTorch have it, to float32's last digits: WGSL's has no negative bases, and loses a digit per factor
// of ten in y log(x). Needs nan.part.wgsl, exp.part.wgsl and log.part.wgsl.

/// The value without its last 12 bits: products of two such are exact.
fn leading(v: f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(v) & 0xfffff000u);
}

/// x^y of finite x > 0 and finite y: y log(x) in two parts of which the first is exact.
fn positivePow(x: f32, y: f32) -> f32 {
  let parts = splitLog(x);
  let high = parts.y * 0.693359375;
  let low = parts.x + parts.y * -0.00021219444;
  let head = leading(high + low);
  let tail = (high - head) + low;
  let yHead = leading(y);
  let product = yHead * head;
  let rest = yHead * tail + (y - yHead) * (head + tail);
  let sum = clamp(product + rest, -104.0, 89.0);
  let k = floor(sum * 1.442695 + 0.5);
  let r = ((product - k * 0.693359375) - k * -0.00021219444) + rest;
  return select(scaledExp(r, k), scaledExp(0.0, k), abs(product + rest) > 104.0);
}

fn precisePow(x: f32, y: f32) -> f32 {
  let size = abs(x);
  let isWhole = floor(y) == y && isFinite(y);
  let isOdd = isWhole && abs(y) < 16777216.0 && (i32(clamp(y, -16777216.0, 16777216.0)) & 1) != 0;
  let isUsual = size > 0.0 && isFinite(x) && isFinite(y);
  let usual = positivePow(select(1.0, size, isUsual), select(1.0, y, isUsual));
  // Of 0 and infinite operands: 0, 1 or Infinity.
  let edge = select(select(0.0, infinity(), (size > 1.0) == (y > 0.0)), 1.0, size == 1.0);
  let some = select(edge, usual, isUsual);
  let isNegative = (bitcast<u32>(x) & 0x80000000u) != 0u;
  let signed = select(some, -some, isOdd && isNegative);
  let hasNone = x < 0.0 && !isWhole && isFinite(x) && isFinite(y);
  let result = select(signed, nan(), hasNone || isNan(x) || isNan(y));
  return select(result, 1.0, (y == 0.0 && !isNan(y)) || (x == 1.0 && !isNan(x)));
}
