// Kept and reduced loops of a reduction, each three figures: `placeOf` says which kept position and which part an
// invocation has, a `Counter` walks over the reduced positions part, part + parts, ...: it is advanced by the figures
// of `parts` (stride0..2) with carry, so that no division stands in the loop. Neighbouring invocations differ in the
// part with PARTS_INNER 1, else in the kept position. Needs the parameters kept1, kept2, kept, reduced1, reduced2,
// stride0..2 and parts.
struct Place {
  k0: u32,
  k1: u32,
  k2: u32,
  part: u32,
}

struct Counter {
  r0: u32,
  r1: u32,
  r2: u32,
}

fn placeOf(t: u32) -> Place {
#if PARTS_INNER
  let kept = t / params.parts;
  let part = t - kept * params.parts;
#else
  let part = t / params.kept;
  let kept = t - part * params.kept;
#end
  let kept01 = kept / params.kept2;
  let k2 = kept - kept01 * params.kept2;
  let k0 = kept01 / params.kept1;
  return Place(k0, kept01 - k0 * params.kept1, k2, part);
}

fn counterAt(part: u32) -> Counter {
  let part01 = part / params.reduced2;
  let r0 = part01 / params.reduced1;
  return Counter(r0, part01 - r0 * params.reduced1, part - part01 * params.reduced2);
}

fn advanced(at: Counter) -> Counter {
  var r2 = at.r2 + params.stride2;
  let carry2 = r2 >= params.reduced2;
  r2 -= select(0u, params.reduced2, carry2);
  var r1 = at.r1 + params.stride1 + select(0u, 1u, carry2);
  let carry1 = r1 >= params.reduced1;
  r1 -= select(0u, params.reduced1, carry1);
  return Counter(at.r0 + params.stride0 + select(0u, 1u, carry1), r1, r2);
}
