// Philox 4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011): four random
// words from a counter of four words and a key of two. It keeps no state: a word can be made again wherever its counter
// is known. Integers only, so the bits are the same on every device.

/// The upper and the lower word of a * b, by halves: WGSL has no integers of 64 bits.
fn wideProduct(a: u32, b: u32) -> vec2<u32> {
  let aLow = a & 0xffffu;
  let aHigh = a >> 16u;
  let bLow = b & 0xffffu;
  let bHigh = b >> 16u;
  let middle = aHigh * bLow + ((aLow * bLow) >> 16u);
  let other = aLow * bHigh + (middle & 0xffffu);
  return vec2<u32>(aHigh * bHigh + (middle >> 16u) + (other >> 16u), a * b);
}

fn philox(counter: vec4<u32>, key: vec2<u32>) -> vec4<u32> {
  var c = counter;
  var k = key;
  for (var i = 0u; i < 10u; i++) {
    let first = wideProduct(0xd2511f53u, c.x);
    let second = wideProduct(0xcd9e8d57u, c.z);
    c = vec4<u32>(second.x ^ c.y ^ k.x, second.y, first.x ^ c.w ^ k.y, first.y);
    k += vec2<u32>(0x9e3779b9u, 0xbb67ae85u);
  }
  return c;
}
