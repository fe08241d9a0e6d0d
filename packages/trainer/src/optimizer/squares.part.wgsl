// Sums of squares that do not overflow: the square of a gradient of 2e19 is more than a float holds, and so is a sum of
// many.
//
// A sum is a number from 0 on, or, where that would be infinite, the negative of the sum of (value * 2^-80)^2. Powers
// of two are taken off the exponent's bits: a compiler may join factors, and 2^-160 is 0. Infinity and NaN stay what
// they are.

const INFINITE = 0x7f800000u;

/// |v| * 2^-power, and 0 where that would be below the normal floats.
fn shrunk(v: f32, power: u32) -> f32 {
  let bits = bitcast<u32>(v) & 0x7fffffffu;
  let less = select(0u, bits - (power << 23u), bits > (power << 23u) + 0x7fffffu);
  return bitcast<f32>(select(less, bits, bits >= INFINITE));
}

fn overflowed(sum: f32) -> bool {
  return (bitcast<u32>(sum) & 0x7fffffffu) >= INFINITE;
}

fn isShrunk(sum: f32) -> bool {
  return bitcast<u32>(sum) >= 0x80000000u;
}

fn addSquares(a: f32, b: f32) -> f32 {
  let sum = a + b;
  if (!isShrunk(a) && !isShrunk(b) && !overflowed(sum)) { return sum; }
  return -(shrunk(a, select(160u, 0u, isShrunk(a))) + shrunk(b, select(160u, 0u, isShrunk(b))));
}

fn rootOfSquares(sum: f32) -> f32 {
  return select(sqrt(abs(sum)), sqrt(abs(sum)) * 0x1p+80f, isShrunk(sum));
}
