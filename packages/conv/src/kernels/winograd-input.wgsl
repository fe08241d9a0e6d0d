// Winograd's convolution F(TILE x TILE, 3 x 3), source: v = B^T d B, of every (TILE + 2)^2 piece d of x + addend.
//
//   x, addend  [n, channels, rows, columns], each with an offset and a batch stride; outside the image: zero
//   v          [(TILE + 2)^2, channel, tile]; tiles are numbered (n, tile row, tile column)
//
// Dispatch: one invocation per (channel, tile), tiles fastest, in lines of 32.
struct Params {
  channels: u32,
  sourceHeight: u32,
  sourceWidth: u32,
  startY: i32, // source row of the first tile: minus the padding
  startX: i32,
  tileRows: u32,
  tileColumns: u32,
  tiles: u32,
  count: u32, // channels * tiles
  xOffset: u32,
  xBatchStride: u32,
  addendOffset: u32,
  addendBatchStride: u32,
}
@group(0) @binding(1) var<storage, read> x: array<f32>;
#if ADDEND
@group(0) @binding(2) var<storage, read> addend: array<f32>;
#end
@group(0) @binding(3) var<storage, read_write> v: array<f32>;

// Values along one side of a tile with its border, and invocations of a workgroup.
#let SIDE = TILE + 2
#let LANES = 32
#include "@infnet/core/kernels/each.part.wgsl"

alias Values = array<f32, $(SIDE)>;

fn transform(d: Values) -> Values {
#if TILE == 2
  return Values(d[0] - d[2], d[1] + d[2], d[2] - d[1], d[1] - d[3]);
#else
  let even1 = d[4] - 4.0 * d[2];
  let odd1 = d[3] - 4.0 * d[1];
  let even2 = d[4] - d[2];
  let odd2 = 2.0 * (d[3] - d[1]);
  return Values(
    4.0 * d[0] - 5.0 * d[2] + d[4],
    even1 + odd1,
    even1 - odd1,
    even2 + odd2,
    even2 - odd2,
    4.0 * d[1] - 5.0 * d[3] + d[5],
  );
#end
}

fn each(t: u32) {
  let tile = t % params.tiles;
  let channel = t / params.tiles;
  let perImage = params.tileRows * params.tileColumns;
  let n = tile / perImage;
  let firstRow = i32(tile % perImage / params.tileColumns) * $(TILE) + params.startY;
  let firstColumn = i32(tile % params.tileColumns) * $(TILE) + params.startX;
  let map = channel * params.sourceHeight * params.sourceWidth;
  let at = params.xOffset + n * params.xBatchStride + map;
#if ADDEND
  let addendAt = params.addendOffset + n * params.addendBatchStride + map;
#end
#for i in 0..SIDE
  let rowInside$(i) = u32(firstRow + $(i)) < params.sourceHeight;
  let row$(i) = select(0u, u32(firstRow + $(i)) * params.sourceWidth, rowInside$(i));
  let columnInside$(i) = u32(firstColumn + $(i)) < params.sourceWidth;
  let column$(i) = select(0u, u32(firstColumn + $(i)), columnInside$(i));
#end
#for c in 0..SIDE
#for r in 0..SIDE
#if ADDEND
  let sum$(r)_$(c) = x[at + row$(r) + column$(c)] + addend[addendAt + row$(r) + column$(c)];
#else
  let sum$(r)_$(c) = x[at + row$(r) + column$(c)];
#end
  let d$(r)_$(c) = select(0.0, sum$(r)_$(c), rowInside$(r) && columnInside$(c));
#end
#if TILE == 2
  let e$(c) = transform(Values(d0_$(c), d1_$(c), d2_$(c), d3_$(c)));
#else
  let e$(c) = transform(Values(d0_$(c), d1_$(c), d2_$(c), d3_$(c), d4_$(c), d5_$(c)));
#end
#end
#for r in 0..SIDE
#if TILE == 2
  let v$(r) = transform(Values(e0[$(r)], e1[$(r)], e2[$(r)], e3[$(r)]));
#else
  let v$(r) = transform(Values(e0[$(r)], e1[$(r)], e2[$(r)], e3[$(r)], e4[$(r)], e5[$(r)]));
#end
#for c in 0..SIDE
  v[$(r * SIDE + c)u * params.count + t] = v$(r)[$(c)];
#end
#end
}
