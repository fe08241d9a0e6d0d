
var<workgroup> found: array<u32, 64>;

/** Looked up in the bits: a device that assumes that there are no infinities cannot lose them. */
fn fault(value: f32) -> u32 {
  return select(0u, 1u, (bitcast<u32>(value) & 0x7fffffffu) >= 0x7f800000u);
}

/** Joins what the lanes found. */
fn tell(bad: u32, group: vec3u, lane: u32) {
  found[lane] = bad;
  workgroupBarrier();
  if (lane != 0u) { return; }
  var all = 0u;
  for (var l = 0u; l < 64u; l++) { all |= found[l]; }
  faults[params.faultsOffset + group.y * params.groups + group.x] = all;
}
