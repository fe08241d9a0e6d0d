// nn/extreme: the largest (LEAST 1: smallest) value over the reduced dimensions of x, or where it lies.
//
//   x     read with FROM_PAIRS 0; kept dimensions kept0..2 with strides xKept0..2, reduced ones reduced0..2 with
//         strides xReduced0..2 (floats, from xOffset)
//   pairs [kept, reduced] read with FROM_PAIRS 1: key and index, as OUT 0 writes them
//   y     written at yOffset + kept0..2 strides yKept0..2: OUT 1 the value (f32), OUT 2 its index among the reduced
//         (u32), the first where there are several; OUT 0: to `merged` [kept, parts], key and index of every part
//
// A key is the float's bits, put so that keys as integers have the order of the values: NaN is above all (as in PyTorch
// a NaN is the largest and the smallest), and -0 is 0. Integers are compared because WGSL lets a compiler assume that
// there is no NaN.
//
// Invocations as in reduce.wgsl. Dispatch: ceil(kept * parts / 64) workgroups in a line.

struct Params {
#if !FROM_PAIRS
  xOffset: u32, xKept0: u32, xKept1: u32, xKept2: u32, xReduced0: u32, xReduced1: u32, xReduced2: u32,
#end
#if OUT
  yOffset: u32, yKept0: u32, yKept1: u32, yKept2: u32,
#end
  kept1: u32, kept2: u32, kept: u32,
  reduced1: u32, reduced2: u32, reduced: u32,
  stride0: u32, stride1: u32, stride2: u32,
  parts: u32,
  count: u32,
}

#if FROM_PAIRS
@group(0) @binding(1) var<storage, read> pairs: array<vec2u>;
#else
@group(0) @binding(1) var<storage, read> x: array<f32>;
#end
#if OUT == 0
@group(0) @binding(2) var<storage, read_write> merged: array<vec2u>;
#elif OUT == 1
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
#else
@group(0) @binding(2) var<storage, read_write> y: array<u32>;
#end

#include "@infnet/core/kernels/each.part.wgsl"
#include "@infnet/core/kernels/nan.part.wgsl"
#include "./reduction.part.wgsl"

fn keyOf(v: f32) -> u32 {
  let bits = bitcast<u32>(v);
  if ((bits & 0x7fffffffu) > 0x7f800000u) { return 0xffffffffu; }
  let sign = select(bits | 0x80000000u, ~bits, bits > 0x80000000u);
#if LEAST
  return ~select(sign, 0x80000000u, bits == 0x80000000u);
#else
  return select(sign, 0x80000000u, bits == 0x80000000u);
#end
}

fn valueOf(key: u32) -> f32 {
  if (key == 0xffffffffu) { return nan(); }
#if LEAST
  let ordered = ~key;
#else
  let ordered = key;
#end
  return bitcast<f32>(select(~ordered, ordered & 0x7fffffffu, ordered >= 0x80000000u));
}

fn each(t: u32) {
  let at = placeOf(t);
  let kept = (at.k0 * params.kept1 + at.k1) * params.kept2 + at.k2;
#if !FROM_PAIRS
  let fromX = params.xOffset + at.k0 * params.xKept0 + at.k1 * params.xKept1 + at.k2 * params.xKept2;
#end
  var r = counterAt(at.part);
  var best = vec2u(0u, 0xffffffffu);
  for (var i = at.part; i < params.reduced; i += params.parts) {
#if FROM_PAIRS
    let found = pairs[kept * params.reduced + i];
#else
    let found = vec2u(keyOf(x[fromX + r.r0 * params.xReduced0 + r.r1 * params.xReduced1 + r.r2 * params.xReduced2]), i);
    r = advanced(r);
#end
    if (found.x > best.x || (found.x == best.x && found.y < best.y)) { best = found; }
  }
#if OUT == 0
  merged[kept * params.parts + at.part] = best;
#else
  let to = params.yOffset + at.k0 * params.yKept0 + at.k1 * params.yKept1 + at.k2 * params.yKept2;
#if OUT == 1
  y[to] = valueOf(best.x);
#else
  y[to] = best.y;
#end
#end
}
