/// Over 0.5, asked of the bits, so that NaN is off on every device.
fn isOn(v: f32) -> bool {
  return bitcast<u32>(v) - 0x3f000001u <= 0x407fffffu;
}

/// 1 on the inner edge, else 0; `i` is an index inside the batch item that starts at `item`.
fn edgeAt(item: u32, i: u32) -> f32 {
  let p = item + i;
  if (!isOn(mask[p])) { return 0.0; }
  let line = i / params.width;
  let column = i - line * params.width;
  let row = line % params.height;
  if (row > 0u && !isOn(mask[p - params.width])) { return 1.0; }
  if (row + 1u < params.height && !isOn(mask[p + params.width])) { return 1.0; }
  if (column > 0u && !isOn(mask[p - 1u])) { return 1.0; }
  if (column + 1u < params.width && !isOn(mask[p + 1u])) { return 1.0; }
  return 0.0;
}
