// nn/reduce: y[kept] = scale * sum over the reduced dimensions of x, or of x * z (TERM 1), of (x - z)^2 (TERM 2), of 1
// where x is z (TERM 3), or of x * z where x is not above 0 (TERM 4).
//
//   x  read; the kept dimensions have sizes kept0..2 and strides xKept0..2, the reduced ones sizes reduced0..2 and
//      strides xReduced0..2 (floats, from xOffset)
//   z  read where TERM is not 0; same loops with its own strides (0 = repeated)
//   y  written at yOffset + kept0..2 strides yKept0..2 + part * yPart
//
// The reduced values are dealt to `parts` invocations: invocation `part` sums the values part, part + parts, ... in
// that order. With parts > 1 the result is a list of partial sums, which another call reduces; so the order is fixed,
// nothing is atomic, and a sum of millions is a sum of sums.
//
// Neighbouring invocations differ in `part` where PARTS_INNER = 1 (the innermost dimension is reduced), else in the
// kept position, so that they touch neighbouring values. Dispatch: ceil(kept0 * kept1 * kept2 * parts / 64) workgroups
// in a line.

struct Params {
  xOffset: u32, xKept0: u32, xKept1: u32, xKept2: u32, xReduced0: u32, xReduced1: u32, xReduced2: u32,
  yOffset: u32, yKept0: u32, yKept1: u32, yKept2: u32, yPart: u32,
#if TERM
  zOffset: u32, zKept0: u32, zKept1: u32, zKept2: u32, zReduced0: u32, zReduced1: u32, zReduced2: u32,
#end
  kept1: u32, kept2: u32, kept: u32,
  reduced1: u32, reduced2: u32, reduced: u32,
  stride0: u32, stride1: u32, stride2: u32,
  parts: u32,
  count: u32,
  scale: f32,
}

@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
#if TERM
@group(0) @binding(3) var<storage, read> z: array<f32>;
#end

#include "@infnet/core/kernels/each.part.wgsl"
#include "@infnet/core/kernels/nan.part.wgsl"
#include "./reduction.part.wgsl"

fn each(t: u32) {
  let at = placeOf(t);
  let fromX = params.xOffset + at.k0 * params.xKept0 + at.k1 * params.xKept1 + at.k2 * params.xKept2;
#if TERM
  let fromZ = params.zOffset + at.k0 * params.zKept0 + at.k1 * params.zKept1 + at.k2 * params.zKept2;
#end
  var r = counterAt(at.part);
  var sum = 0.0;
  for (var i = at.part; i < params.reduced; i += params.parts) {
    let v = x[fromX + r.r0 * params.xReduced0 + r.r1 * params.xReduced1 + r.r2 * params.xReduced2];
#if TERM
    let w = z[fromZ + r.r0 * params.zReduced0 + r.r1 * params.zReduced1 + r.r2 * params.zReduced2];
#end
#if TERM == 1
    sum += v * w;
#elif TERM == 2
    sum += (v - w) * (v - w);
#elif TERM == 3
    sum += select(0.0, 1.0, v == w && !isNan(w));
#elif TERM == 4
    sum += select(v * w, 0.0, v > 0.0);
#else
    sum += v;
#end
    r = advanced(r);
  }
  y[params.yOffset + at.k0 * params.yKept0 + at.k1 * params.yKept1 + at.k2 * params.yKept2 + at.part * params.yPart] =
    params.scale * sum;
}
