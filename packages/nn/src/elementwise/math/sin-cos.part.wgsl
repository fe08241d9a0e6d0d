// sin and cos within 1e-7 of any float32. WGSL lets a device's be off by 2^-11, and by anything beyond pi. Needs
// nan.part.wgsl.

/// v as quadrant (0 to 3) and rest in [-pi/4, pi/4].
struct Angle {
  quadrant: u32,
  rest: f32,
}

/// The upper half of a product of two words.
fn upperProduct(a: u32, b: u32) -> u32 {
  let low = (a & 0xffffu) * (b & 0xffffu);
  let cross = (a >> 16u) * (b & 0xffffu) + (low >> 16u);
  let other = (a & 0xffffu) * (b >> 16u) + (cross & 0xffffu);
  return (a >> 16u) * (b >> 16u) + (cross >> 16u) + (other >> 16u);
}

/// After Payne and Hanek: of the product of v's 24 bits with 2 / pi, only those bits that stand for less than 4.
fn largeAngle(v: f32) -> Angle {
  // A word of zeros, and the bits of 2 / pi behind the point.
  var bits = array<u32, 8>(
    0u, 0xa2f9836eu, 0x4e441529u, 0xfc2757d1u, 0xf534ddc0u, 0xdb629599u, 0x3c439041u, 0xfe5163abu
  );
  let word = bitcast<u32>(v);
  let whole = (word & 0x7fffffu) | 0x800000u;
  // v = whole 2^(exponent - 150); the first bit of 2 / pi that matters has the weight 2.
  let first = u32(i32((word >> 23u) & 0xffu) - 151 + 31);
  let at = first / 32u;
  let shift = first % 32u;
  let spare = (32u - shift) % 32u;
  let keep = select(0xffffffffu, 0u, shift == 0u);
  let high = (bits[at] << shift) | ((bits[at + 1u] >> spare) & keep);
  let low = (bits[at + 1u] << shift) | ((bits[at + 2u] >> spare) & keep);
  // Two bits before the point, 62 behind it.
  let turns = high * whole + upperProduct(low, whole);
  let below = low * whole;
  let quadrant = (turns + 0x20000000u) >> 30u;
  let fraction = bitcast<i32>((turns << 2u) | (below >> 30u));
  return Angle(quadrant & 3u, f32(fraction) * 3.6572952e-10);
}

fn angle(v: f32) -> Angle {
  let size = abs(v);
  var result: Angle;
  if (size < 1000.0) {
    let k = floor(size * 0.63661975 + 0.5);
    // pi / 2 in three parts; multiples of the first two are exact.
    result = Angle(u32(k) & 3u, ((size - k * 1.5703125) - k * 0.0004837513) - k * 7.54979e-8);
  } else {
    result = largeAngle(select(1000.0, size, isFinite(v)));
  }
  return result;
}

fn sine(r: f32) -> f32 {
  let q = r * r;
  return r + r * q * (-0.16666667 + q * (0.008333334 + q * (-0.0001984127 + q * 0.0000027557319)));
}

fn cosine(r: f32) -> f32 {
  let q = r * r;
  return 1.0 - 0.5 * q + q * q * (0.041666668 + q * (-0.0013888889 + q * (0.000024801587 - q * 0.0000002755732)));
}

fn preciseSin(v: f32) -> f32 {
  let a = angle(v);
  let size = select(sine(a.rest), cosine(a.rest), (a.quadrant & 1u) != 0u);
  let isNegative = (a.quadrant & 2u) != 0u;
  let result = select(size, -size, isNegative != (v < 0.0));
  return select(nan(), result, isFinite(v));
}

fn preciseCos(v: f32) -> f32 {
  let a = angle(v);
  let size = select(cosine(a.rest), sine(a.rest), (a.quadrant & 1u) != 0u);
  let isNegative = a.quadrant == 1u || a.quadrant == 2u;
  return select(nan(), select(size, -size, isNegative), isFinite(v));
}
