// nn/max-pool-gradient: d(p) = sum of g over the windows whose maximum is at p.
//
//   winner  [N * C, outputHeight, outputWidth]  read:    index inside the map of each window's first maximum
//   g       [N, C, outputHeight, outputWidth]   read:    gradient of y, batch item n at gOffset + n * gBatchStride
//   d       [N, C, inputHeight, inputWidth]     written: gradient of x, likewise
//
// A gather: each position asks the windows that may contain it whether it won them, so nothing is added by two
// invocations at once and the order of the sum is fixed. Tile: one invocation makes TILE neighbouring positions of a
// row and walks once over the windows that may contain any of them. Dispatch: ceil(N * C * inputHeight *
// ceil(inputWidth / TILE) / 64) workgroups in a line.

struct Params {
  gOffset: u32, gBatchStride: u32,
  dOffset: u32, dBatchStride: u32,
#include "./maps-params.part.wgsl"
  tilesX: u32,
  extentY: u32, extentX: u32,
  strideY: u32, strideX: u32,
  padY: u32, padX: u32,
  count: u32,
}

@group(0) @binding(1) var<storage, read> winner: array<u32>;
@group(0) @binding(2) var<storage, read> g: array<f32>;
@group(0) @binding(3) var<storage, read_write> d: array<f32>;

#include "@infnet/core/kernels/each.part.wgsl"
#include "@infnet/core/kernels/position.part.wgsl"
#include "./first-window.part.wgsl"

fn each(t: u32) {
  let to = positionOf(t, params.channels, params.inputHeight, params.tilesX);
  let column = to.column * $(TILE)u;
  let outputs = params.outputHeight * params.outputWidth;
  let base = params.gOffset + to.n * params.gBatchStride + to.plane * outputs;
  let wins = (to.n * params.channels + to.plane) * outputs;
  let me = to.row * params.inputWidth + column;
  let p = to.row + params.padY;
  let q = column + params.padX;
  let endI = min(p / params.strideY + 1u, params.outputHeight);
  let endJ = min((q + $(TILE - 1)u) / params.strideX + 1u, params.outputWidth);
  let firstJ = firstWindow(q, params.extentX, params.strideX);
#for b in 0..TILE
  var s$(b) = 0.0;
#end
  for (var i = firstWindow(p, params.extentY, params.strideY); i < endI; i++) {
    for (var j = firstJ; j < endJ; j++) {
      let at = i * params.outputWidth + j;
      let won = winner[wins + at] - me;
      let value = g[base + at];
#for b in 0..TILE
      s$(b) += select(0.0, value, won == $(b)u);
#end
    }
  }
  let place = params.dOffset + to.n * params.dBatchStride + to.plane * params.inputHeight * params.inputWidth + me;
#for b in 0..TILE
  if (column + $(b)u < params.inputWidth) { d[place + $(b)u] = s$(b); }
#end
}
