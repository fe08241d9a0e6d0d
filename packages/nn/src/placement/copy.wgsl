// nn/copy: y = x, rows of neighbouring values from one place to another.
//
//   x  [N, rows, length]  read: row (n, r) starts at xOffset + n * xBatchStride + r * xRowStride and is contiguous
//   y  [N, rows, length]  written, likewise
//
// Joins, ranges and reshapes that the planner could not make free end here. Values are moved as 32-bit words, whatever
// they mean. IN_PLACE = 1: both are parts of one buffer, bound once as y (a dispatch cannot read a buffer and write it
// through two bindings); the parts must not overlap.
//
// Tile: one invocation moves TILE words (or vec4s of words, where VECTOR = 4) of one row, `span` apart. Dispatch:
// ceil(N * rows * span / 64) workgroups in a line.

struct Params {
  xOffset: u32, xBatchStride: u32, xRowStride: u32,
  yOffset: u32, yBatchStride: u32, yRowStride: u32,
  rows: u32,
  length: u32,
  span: u32,
  count: u32,
}

#if VECTOR == 4
alias Word = vec4u;
#else
alias Word = u32;
#end

@group(0) @binding(1) var<storage, read_write> y: array<Word>;
#if IN_PLACE == 0
@group(0) @binding(2) var<storage, read> x: array<Word>;
#end

#include "@infnet/core/kernels/each.part.wgsl"

fn each(t: u32) {
  let row = t / params.span;
  let first = t - row * params.span;
  let n = row / params.rows;
  let r = row - n * params.rows;
  let base = (params.xOffset + n * params.xBatchStride + r * params.xRowStride) / $(VECTOR)u;
  let to = (params.yOffset + n * params.yBatchStride + r * params.yRowStride) / $(VECTOR)u;
  let length = params.length / $(VECTOR)u;
#for k in 0..TILE
  let e$(k) = first + $(k)u * params.span;
#if IN_PLACE
  if (e$(k) < length) { y[to + e$(k)] = y[base + e$(k)]; }
#else
  if (e$(k) < length) { y[to + e$(k)] = x[base + e$(k)]; }
#end
#end
}
