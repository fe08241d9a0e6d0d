// Winograd's convolution F(TILE x TILE, 3 x 3), result: y = act(scale * (A^T p A) + shift + residual).
//
//   p         [(TILE + 2)^2, channel, tile]: the products of the transformed weights and sources
//   y         [n, channels, rows, columns], with an offset and a batch stride; residual likewise
//   bias      [channels] (AFFINE 1), or affine [2, channels]: scale, then shift (AFFINE 2)
//
// Dispatch: one invocation per (channel, tile), tiles fastest, in lines of 32.
struct Params {
  channels: u32,
  resultHeight: u32,
  resultWidth: u32,
  tileRows: u32,
  tileColumns: u32,
  tiles: u32,
  count: u32, // channels * tiles
  yOffset: u32,
  yBatchStride: u32,
  affineOffset: u32,
  residualOffset: u32,
  residualBatchStride: u32,
  relu: u32,
}
@group(0) @binding(1) var<storage, read> p: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
#if AFFINE == 1
@group(0) @binding(3) var<storage, read> bias: array<f32>;
#elif AFFINE == 2
@group(0) @binding(3) var<storage, read> affine: array<f32>;
#end
#if RESIDUAL
@group(0) @binding(4) var<storage, read> residual: array<f32>;
#end

// Values along one side of a tile with its border, and invocations of a workgroup.
#let SIDE = TILE + 2
#let LANES = 32
#include "@infnet/core/kernels/each.part.wgsl"
#include "@infnet/core/kernels/relu.part.wgsl"

alias Values = array<f32, $(SIDE)>;
alias Results = array<f32, $(TILE)>;

fn transform(e: Values) -> Results {
#if TILE == 2
  return Results(e[0] + e[1] + e[2], e[1] - e[2] - e[3]);
#else
  let even1 = e[1] + e[2];
  let odd1 = e[1] - e[2];
  let even2 = e[3] + e[4];
  let odd2 = e[3] - e[4];
  return Results(e[0] + even1 + even2, odd1 + 2.0 * odd2, even1 + 4.0 * even2, odd1 + 8.0 * odd2 + e[5]);
#end
}

fn each(t: u32) {
  let tile = t % params.tiles;
  let channel = t / params.tiles;
  let perImage = params.tileRows * params.tileColumns;
  let n = tile / perImage;
  let firstRow = tile % perImage / params.tileColumns * $(TILE)u;
  let firstColumn = tile % params.tileColumns * $(TILE)u;
#for c in 0..SIDE
  let e$(c) = transform(Values(
#for r in 0..SIDE
    p[$(r * SIDE + c)u * params.count + t],
#end
  ));
#end
  var results: array<f32, $(TILE * TILE)>;
#for r in 0..TILE
#if TILE == 2
  let row$(r) = transform(Values(e0[$(r)], e1[$(r)], e2[$(r)], e3[$(r)]));
#else
  let row$(r) = transform(Values(e0[$(r)], e1[$(r)], e2[$(r)], e3[$(r)], e4[$(r)], e5[$(r)]));
#end
#for c in 0..TILE
  results[$(r * TILE + c)] = row$(r)[$(c)];
#end
#end

#if AFFINE == 1
  let scale = 1.0;
  let shift = bias[params.affineOffset + channel];
#elif AFFINE == 2
  let scale = affine[params.affineOffset + channel];
  let shift = affine[params.affineOffset + params.channels + channel];
#else
  let scale = 1.0;
  let shift = 0.0;
#end
  let map = channel * params.resultHeight * params.resultWidth;
  for (var i = 0u; i < $(TILE * TILE)u; i++) {
    let row = firstRow + i / $(TILE)u;
    let column = firstColumn + i % $(TILE)u;
    if (row >= params.resultHeight || column >= params.resultWidth) {
      continue;
    }
    let place = map + row * params.resultWidth + column;
    var value = results[i] * scale + shift;
#if RESIDUAL
    value += residual[params.residualOffset + n * params.residualBatchStride + place];
#end
    value = select(value, relu(value), params.relu != 0u);
    y[params.yOffset + n * params.yBatchStride + place] = value;
  }
}
