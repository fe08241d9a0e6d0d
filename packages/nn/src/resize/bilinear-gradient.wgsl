// nn/bilinear-gradient: the transpose of linear interpolation along one dimension.
//
//   g  [N, planes, output, inner]  read:    batch item n is contiguous and starts at gOffset + n * gBatchStride
//   d  [N, planes, input,  inner]  written: likewise, dOffset, dBatchStride
//
//   d(k) = sum over i of w(i, k) g(i)     w(i, k): the weight with which result i uses source k, as in bilinear.wgsl
//
// Bilinear interpolation is linear along rows, then along columns, so its transpose is this kernel along columns, then
// along rows. A gather: the results that use source k have their positions in (k - 1, k + 1); the range is computed one
// too wide on both sides and each weight exactly as forward, so rounding cannot lose or double one. Tile: one
// invocation makes TILE planes, with the weights computed once. Dispatch: ceil(N * ceil(planes / TILE) * input * inner
// / 64) workgroups in a line.

struct Params {
  gOffset: u32, gBatchStride: u32,
  dOffset: u32, dBatchStride: u32,
  planes: u32, blocks: u32,
  input: u32, output: u32, inner: u32,
  scale: f32,
  inverse: f32,
  half: f32,
  count: u32,
}

@group(0) @binding(1) var<storage, read> g: array<f32>;
@group(0) @binding(2) var<storage, read_write> d: array<f32>;

#include "@infnet/core/kernels/each.part.wgsl"
#include "@infnet/core/kernels/position.part.wgsl"

fn each(t: u32) {
  let at = positionOf(t, params.blocks, params.input, params.inner);
  let k = at.row;
  let p0 = at.plane * $(TILE)u;

  // Results whose source position may lie in (k - 1, k + 1). Positions below 0 and beyond the end are held at the ends.
  let last = params.output - 1u;
  var begin = 0u;
  var end = last;
  if (params.inverse > 0.0) {
    let low = floor((f32(k) - 1.0 + params.half) * params.inverse - params.half) - 1.0;
    let high = ceil((f32(k) + 1.0 + params.half) * params.inverse - params.half) + 1.0;
    if (k > 0u) { begin = u32(clamp(low, 0.0, f32(last))); }
    if (k + 1u < params.input) { end = u32(clamp(high, 0.0, f32(last))); }
  }
  let gPlane = params.output * params.inner;
  let dPlane = params.input * params.inner;
  let base = params.gOffset + at.n * params.gBatchStride + p0 * gPlane + at.column;
  let to = params.dOffset + at.n * params.dBatchStride + p0 * dPlane + k * params.inner + at.column;
#for a in 0..TILE
  var sum$(a) = 0.0;
#end
  for (var i = begin; i <= end; i++) {
    let source = max(0.0, params.scale * (f32(i) + params.half) - params.half);
    let near = min(u32(source), params.input - 1u);
    let far = min(near + 1u, params.input - 1u);
    let share = clamp(source - f32(near), 0.0, 1.0);
    let weight = select(0.0, 1.0 - share, near == k) + select(0.0, share, far == k);
    if (weight != 0.0) {
#for a in 0..TILE
      if (p0 + $(a)u < params.planes) { sum$(a) += weight * g[base + $(a)u * gPlane + i * params.inner]; }
#end
    }
  }
#for a in 0..TILE
  if (p0 + $(a)u < params.planes) { d[to + $(a)u * dPlane] = sum$(a); }
#end
}
