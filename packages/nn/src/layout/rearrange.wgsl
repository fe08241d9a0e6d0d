// nn/rearrange: y[i0, i1, ...] = x at a place that follows from each index by itself.
//
//   x  read: a value lies at xOffset + sum over k of q_k xStride_k
//   y  [size0, size1, ...]  written: at yOffset + sum over k of i_k yStride_k
//
//   t_k = mul_k i_k + add_k. Where all mul are 1 or reach no other place (EDGE 0), q_k = t_k. EDGE 1: q_k = t_k /
//     div_k,
//   and y is 0 where the division leaves a rest or q_k does not lie in [0, limit_k). EDGE 2: q_k = t_k mod limit_k.
//
// Permutation, flips, slices with steps, what their gradients put between zeros, rolls and repeats are all of this
// kind. Values are moved as 32-bit words, whatever they mean. RANK: dimensions, of which those that stay together are
// one.
//
// Tile: one invocation makes one value. Dispatch: ceil(values / 64) workgroups in a line.

struct Params {
  xOffset: u32,
  yOffset: u32,
#for k in 0..RANK
  size$(k): u32,
  xStride$(k): u32,
  yStride$(k): u32,
  mul$(k): i32,
  add$(k): i32,
  div$(k): u32,
  limit$(k): u32,
#end
  count: u32,
}

@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

#include "@infnet/core/kernels/each.part.wgsl"

fn each(t: u32) {
  var rest = t;
  var source = params.xOffset;
  var to = params.yOffset;
  var inside = true;
#for j in 0..RANK
#let k = RANK - 1 - j
  let i$(k) = rest % params.size$(k);
  rest = rest / params.size$(k);
  to += i$(k) * params.yStride$(k);
  let t$(k) = i32(i$(k)) * params.mul$(k) + params.add$(k);
#if EDGE == 0
  source += u32(t$(k)) * params.xStride$(k);
#elif EDGE == 1
  let q$(k) = u32(max(t$(k), 0)) / params.div$(k);
  inside = inside && t$(k) >= 0 && q$(k) * params.div$(k) == u32(t$(k)) && q$(k) < params.limit$(k);
  source += min(q$(k), params.limit$(k) - 1u) * params.xStride$(k);
#else
  source += (u32(t$(k)) % params.limit$(k)) * params.xStride$(k);
#end
#end
  y[to] = select(0u, x[source], inside);
}
