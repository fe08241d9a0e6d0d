// nn/extreme-gradient: the gradient of a maximum or minimum, shared evenly by those that tie (PyTorch's amax, amin).
//
//   d = g / count where x is y, else 0; NaN where y is (nothing is equal to it)
//
//   x, d  read, written: sizes of four dimensions, strides x0..3, d0..3 (from xOffset, dOffset)
//   y, g  read, with strides y0..3, g0..3, 0 where they are repeated: the extreme value, its gradient
//   tied  read, with strides tied0..3: how many values of x are y
//
// Dispatch: ceil(values / 64) workgroups in a line.

struct Params {
  size1: u32, size2: u32, size3: u32,
  xOffset: u32, x0: u32, x1: u32, x2: u32, x3: u32,
  dOffset: u32, d0: u32, d1: u32, d2: u32, d3: u32,
  yOffset: u32, y0: u32, y1: u32, y2: u32, y3: u32,
  gOffset: u32, g0: u32, g1: u32, g2: u32, g3: u32,
  tied0: u32, tied1: u32, tied2: u32, tied3: u32,
  count: u32,
}

@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> y: array<f32>;
@group(0) @binding(3) var<storage, read> g: array<f32>;
@group(0) @binding(4) var<storage, read> tied: array<f32>;
@group(0) @binding(5) var<storage, read_write> d: array<f32>;

#include "@infnet/core/kernels/each.part.wgsl"
#include "@infnet/core/kernels/nan.part.wgsl"
#include "@infnet/core/kernels/position.part.wgsl"

fn each(t: u32) {
  let at = positionOf(t, params.size1, params.size2, params.size3);
  let v = x[params.xOffset + at.n * params.x0 + at.plane * params.x1 + at.row * params.x2 + at.column * params.x3];
  let e = y[params.yOffset + at.n * params.y0 + at.plane * params.y1 + at.row * params.y2 + at.column * params.y3];
  let u = g[params.gOffset + at.n * params.g0 + at.plane * params.g1 + at.row * params.g2 + at.column * params.g3];
  let count = tied[at.n * params.tied0 + at.plane * params.tied1 + at.row * params.tied2 + at.column * params.tied3];
  let to = params.dOffset + at.n * params.d0 + at.plane * params.d1 + at.row * params.d2 + at.column * params.d3;
  d[to] = select(select(0.0, u / count, v == e), nan(), isNan(e));
}
