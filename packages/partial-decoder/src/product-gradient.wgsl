// partial-decoder/product-gradient: all gradients of a product in one pass.
//
//   y = a * b:      da = g * b,      db = g * a
//   y = a * b * c:  da = g * b * c,  db = g * a * c,  dc = g * a * b
//
//   g, a, b, c  [N, ...]  read: batch item n is contiguous and starts at gOffset + n * gBatchStride; c where FACTORS =
//     3
//   da, db, dc  [N, ...]  written, likewise
//
// Tile: TILE values (vec4 where VECTOR = 4) of one batch item per invocation, `span` = ceil(item / (VECTOR * TILE))
// apart.
// Dispatch: ceil(N * span / 64) workgroups in a line.

struct Params {
  gOffset: u32, gBatchStride: u32,
  aOffset: u32, aBatchStride: u32,
  bOffset: u32, bBatchStride: u32,
  daOffset: u32, daBatchStride: u32,
  dbOffset: u32, dbBatchStride: u32,
#if FACTORS == 3
  cOffset: u32, cBatchStride: u32,
  dcOffset: u32, dcBatchStride: u32,
#end
  size: u32,
  span: u32,
  count: u32,
}

#include "@infnet/core/kernels/value.part.wgsl"

@group(0) @binding(1) var<storage, read> g: array<Value>;
@group(0) @binding(2) var<storage, read> a: array<Value>;
@group(0) @binding(3) var<storage, read> b: array<Value>;
@group(0) @binding(4) var<storage, read_write> da: array<Value>;
@group(0) @binding(5) var<storage, read_write> db: array<Value>;
#if FACTORS == 3
@group(0) @binding(6) var<storage, read> c: array<Value>;
@group(0) @binding(7) var<storage, read_write> dc: array<Value>;
#end

#include "@infnet/core/kernels/each.part.wgsl"

fn each(t: u32) {
  let n = t / params.span;
  let first = t - n * params.span;
  let fromG = (params.gOffset + n * params.gBatchStride) / $(VECTOR)u;
  let fromA = (params.aOffset + n * params.aBatchStride) / $(VECTOR)u;
  let fromB = (params.bOffset + n * params.bBatchStride) / $(VECTOR)u;
  let toA = (params.daOffset + n * params.daBatchStride) / $(VECTOR)u;
  let toB = (params.dbOffset + n * params.dbBatchStride) / $(VECTOR)u;
#if FACTORS == 3
  let fromC = (params.cOffset + n * params.cBatchStride) / $(VECTOR)u;
  let toC = (params.dcOffset + n * params.dcBatchStride) / $(VECTOR)u;
#end
#for k in 0..TILE
  let i$(k) = first + $(k)u * params.span;
  if (i$(k) < params.size) {
    let valueA = a[fromA + i$(k)];
    let valueB = b[fromB + i$(k)];
#if FACTORS == 3
    let upstream = g[fromG + i$(k)];
    let valueC = upstream * c[fromC + i$(k)];
    dc[toC + i$(k)] = upstream * (valueA * valueB);
#else
    let valueC = g[fromG + i$(k)];
#end
    da[toA + i$(k)] = valueC * valueB;
    db[toB + i$(k)] = valueC * valueA;
  }
#end
}
