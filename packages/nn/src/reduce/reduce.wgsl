// nn/reduce: y[kept] = scale * sum over the reduced dimensions of x, or of x * z.
//
//   x  read; the kept dimensions have sizes kept0..2 and strides xKept0..2, the reduced ones sizes reduced0..2 and
//      strides xReduced0..2 (floats, from xOffset)
//   z  read where PRODUCT = 1; same loops with its own strides (0 = repeated)
//   y  written at yOffset + kept0..2 strides yKept0..2 + part * yPart
//
// The reduced values are dealt to `parts` invocations: invocation `part` sums the values part, part + parts, ... in
// that order. With parts > 1 the result is a list of partial sums, which another call reduces; so the order is fixed,
// nothing is atomic, and a sum of millions is a sum of sums. The three-figure counter of the reduced position is
// advanced by adding the figures of `parts` (stride0..2) with carry, so that no division stands in the loop.
//
// Neighbouring invocations differ in `part` where PARTS_INNER = 1 (the innermost dimension is reduced), else in the
// kept position, so that they touch neighbouring values. Dispatch: ceil(kept0 * kept1 * kept2 * parts / 64) workgroups
// in a line.

struct Params {
  xOffset: u32, xKept0: u32, xKept1: u32, xKept2: u32, xReduced0: u32, xReduced1: u32, xReduced2: u32,
  yOffset: u32, yKept0: u32, yKept1: u32, yKept2: u32, yPart: u32,
#if PRODUCT
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
#if PRODUCT
@group(0) @binding(3) var<storage, read> z: array<f32>;
#end

#include "@infnet/core/kernels/each.part.wgsl"

fn each(t: u32) {
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
  let k1 = kept01 - k0 * params.kept1;
  let fromX = params.xOffset + k0 * params.xKept0 + k1 * params.xKept1 + k2 * params.xKept2;
#if PRODUCT
  let fromZ = params.zOffset + k0 * params.zKept0 + k1 * params.zKept1 + k2 * params.zKept2;
#end

  let part01 = part / params.reduced2;
  var r2 = part - part01 * params.reduced2;
  var r0 = part01 / params.reduced1;
  var r1 = part01 - r0 * params.reduced1;
  var sum = 0.0;
  for (var i = part; i < params.reduced; i += params.parts) {
    let v = x[fromX + r0 * params.xReduced0 + r1 * params.xReduced1 + r2 * params.xReduced2];
#if PRODUCT
    sum += v * z[fromZ + r0 * params.zReduced0 + r1 * params.zReduced1 + r2 * params.zReduced2];
#else
    sum += v;
#end
    r2 += params.stride2;
    let carry2 = r2 >= params.reduced2;
    r2 -= select(0u, params.reduced2, carry2);
    r1 += params.stride1 + select(0u, 1u, carry2);
    let carry1 = r1 >= params.reduced1;
    r1 -= select(0u, params.reduced1, carry1);
    r0 += params.stride0 + select(0u, 1u, carry1);
  }
  y[params.yOffset + k0 * params.yKept0 + k1 * params.yKept1 + k2 * params.yKept2 + part * params.yPart] = params.scale * sum;
}
