// The largest magnitudes of what a workgroup's lanes would store: of parameters and of both moments. Bits of floats
// without their sign, whose order is that of the values, with infinity and NaN above all numbers: a device that assumes
// that there are none cannot lose them.

var<workgroup> found: array<vec3u, 64>;

fn magnitude(value: f32) -> u32 {
  return bitcast<u32>(value) & 0x7fffffffu;
}

/** Joins what the lanes found. */
fn tell(most: vec3u, group: vec3u, lane: u32) {
  found[lane] = most;
  workgroupBarrier();
  if (lane != 0u) { return; }
  var all = vec3u(0u);
  for (var l = 0u; l < 64u; l++) { all = max(all, found[l]); }
  let at = params.largestOffset + 3u * (group.y * params.groups + group.x);
  for (var k = 0u; k < 3u; k++) { largest[at + k] = all[k]; }
}
