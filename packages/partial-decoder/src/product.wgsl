// partial-decoder/product: y = a * b (* c), value by value, in one pass.
//
//   a, b, c  [N, ...]  read: batch item n is contiguous and starts at aOffset + n * aBatchStride; c where FACTORS = 3
//   y        [N, ...]  written, likewise (a channel range of a concatenated map, for one)
//
// Tile: TILE values (vec4 where VECTOR = 4) of one batch item per invocation, `span` = ceil(item / (VECTOR * TILE))
// apart, so that neighbours load neighbours. Dispatch: ceil(N * span / 64) workgroups in a line.

struct Params {
  aOffset: u32, aBatchStride: u32,
  bOffset: u32, bBatchStride: u32,
#if FACTORS == 3
  cOffset: u32, cBatchStride: u32,
#end
  yOffset: u32, yBatchStride: u32,
  size: u32,
  span: u32,
  count: u32,
}

#include "@infnet/core/kernels/value.part.wgsl"

@group(0) @binding(1) var<storage, read> a: array<Value>;
@group(0) @binding(2) var<storage, read> b: array<Value>;
@group(0) @binding(3) var<storage, read_write> y: array<Value>;
#if FACTORS == 3
@group(0) @binding(4) var<storage, read> c: array<Value>;
#end

#include "@infnet/core/kernels/each.part.wgsl"

fn each(t: u32) {
  let n = t / params.span;
  let first = t - n * params.span;
  let fromA = (params.aOffset + n * params.aBatchStride) / $(VECTOR)u;
  let fromB = (params.bOffset + n * params.bBatchStride) / $(VECTOR)u;
#if FACTORS == 3
  let fromC = (params.cOffset + n * params.cBatchStride) / $(VECTOR)u;
#end
  let to = (params.yOffset + n * params.yBatchStride) / $(VECTOR)u;
#for k in 0..TILE
  let i$(k) = first + $(k)u * params.span;
  if (i$(k) < params.size) {
#if FACTORS == 3
    y[to + i$(k)] = a[fromA + i$(k)] * b[fromB + i$(k)] * c[fromC + i$(k)];
#else
    y[to + i$(k)] = a[fromA + i$(k)] * b[fromB + i$(k)];
#end
  }
#end
}
