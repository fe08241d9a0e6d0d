// Winograd's convolution F(TILE x TILE, 3 x 3), weights: u = G g G^T, of every 3 x 3 kernel g.
//
//   weight  addressed by its strides per result channel m, source channel k and tap (any order, flipped or not)
//   u       [(TILE + 2)^2, m, k]: one matrix for each position in the transformed tile
//
// The points of F(2 x 2) are 0, 1, -1 and infinity, those of F(4 x 4) also 2 and -2 (Lavin and Gray, 2015, section 4).
// Dispatch: one invocation per (m, k), k fastest, in lines of 32.
struct Params {
  inChannels: u32,
  outChannels: u32,
  weightOffset: i32,
  weightOutStride: i32,
  weightInStride: i32,
  weightTapStrideY: i32,
  weightTapStrideX: i32,
  count: u32, // inChannels * outChannels
}
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(2) var<storage, read_write> u: array<f32>;

// Values along one side of a tile with its border, and invocations of a workgroup.
#let SIDE = TILE + 2
#let LANES = 32
#include "@infnet/core/kernels/each.part.wgsl"

alias Values = array<f32, $(SIDE)>;

fn transform(a: f32, b: f32, c: f32) -> Values {
#if TILE == 2
  let even = 0.5 * (a + c);
  return Values(a, even + 0.5 * b, even - 0.5 * b, c);
#else
  let even1 = (a + c) / -6.0;
  let odd1 = b / -6.0;
  let even2 = a / 24.0 + c / 6.0;
  let odd2 = b / 12.0;
  return Values(0.25 * a, even1 + odd1, even1 - odd1, even2 + odd2, even2 - odd2, c);
#end
}

fn each(t: u32) {
  let m = i32(t / params.inChannels);
  let k = i32(t % params.inChannels);
  let at = params.weightOffset + m * params.weightOutStride + k * params.weightInStride;
#for x in 0..3
  let g$(x) = transform(
    weight[at + $(x) * params.weightTapStrideX],
    weight[at + params.weightTapStrideY + $(x) * params.weightTapStrideX],
    weight[at + 2 * params.weightTapStrideY + $(x) * params.weightTapStrideX],
  );
#end
#for r in 0..SIDE
  let row$(r) = transform(g0[$(r)], g1[$(r)], g2[$(r)]);
#for c in 0..SIDE
  u[$(r * SIDE + c)u * params.count + t] = row$(r)[$(c)];
#end
#end
}
