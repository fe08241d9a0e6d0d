// nn/avg-pool-gradient: d(p) = sum of g / divisor over the windows that contain p.
//
//   g  [N, C, outputHeight, outputWidth]  read:    gradient of y, batch item n at gOffset + n * gBatchStride
//   d  [N, C, inputHeight, inputWidth]    written: gradient of x, likewise
//
// Divisors as in pool.wgsl (COUNT_PAD). A gather: the windows that contain a position are a rectangle of results, so
// nothing is added by two invocations at once. Tile: one invocation makes TILE_Y x TILE_X neighbouring positions; it
// walks once over the windows that contain any of them and gives each to those it contains. Dispatch: ceil(N * C *
// ceil(inputHeight / TILE_Y) * ceil(inputWidth / TILE_X) / 64) workgroups in a line.

struct Params {
  gOffset: u32, gBatchStride: u32,
  dOffset: u32, dBatchStride: u32,
#include "./maps-params.part.wgsl"
  tilesY: u32, tilesX: u32,
  kernelHeight: u32, kernelWidth: u32,
  strideY: u32, strideX: u32,
  padY: u32, padX: u32,
  count: u32,
}

@group(0) @binding(1) var<storage, read> g: array<f32>;
@group(0) @binding(2) var<storage, read_write> d: array<f32>;

// How many positions the window that starts at `start` of the padded map counts along one dimension.
fn counted(start: u32, extent: u32, pad: u32, size: u32) -> u32 {
#if COUNT_PAD
  return min(start + extent, size + 2u * pad) - start;
#else
  return min(start + extent, size + pad) - max(start, pad);
#end
}

#include "@infnet/core/kernels/each.part.wgsl"
#include "@infnet/core/kernels/position.part.wgsl"
#include "./first-window.part.wgsl"

fn each(t: u32) {
  let tile = positionOf(t, params.channels, params.tilesY, params.tilesX);
  let row = tile.row * $(TILE_Y)u;
  let column = tile.column * $(TILE_X)u;
  let base = params.gOffset + tile.n * params.gBatchStride + tile.plane * params.outputHeight * params.outputWidth;
  // Positions and starts of windows count from the corner of the padded map.
  let p = row + params.padY;
  let q = column + params.padX;
  let endI = min((p + $(TILE_Y - 1)u) / params.strideY + 1u, params.outputHeight);
  let endJ = min((q + $(TILE_X - 1)u) / params.strideX + 1u, params.outputWidth);
  let firstJ = firstWindow(q, params.kernelWidth, params.strideX);
#for a in 0..TILE_Y
#for b in 0..TILE_X
  var s$(a)_$(b) = 0.0;
#end
#end
  for (var i = firstWindow(p, params.kernelHeight, params.strideY); i < endI; i++) {
    let top = i * params.strideY;
    let rows = counted(top, params.kernelHeight, params.padY, params.inputHeight);
#for a in 0..TILE_Y
    // Wraps around below zero and is then too large.
    let rowFits$(a) = p + $(a)u - top < params.kernelHeight;
#end
    for (var j = firstJ; j < endJ; j++) {
      let left = j * params.strideX;
      let columns = counted(left, params.kernelWidth, params.padX, params.inputWidth);
      let share = g[base + i * params.outputWidth + j] / f32(rows * columns);
#for a in 0..TILE_Y
#for b in 0..TILE_X
      s$(a)_$(b) += select(0.0, share, rowFits$(a) && q + $(b)u - left < params.kernelWidth);
#end
#end
    }
  }
  let to = params.dOffset + tile.n * params.dBatchStride + tile.plane * params.inputHeight * params.inputWidth;
#for a in 0..TILE_Y
#for b in 0..TILE_X
  if (row + $(a)u < params.inputHeight && column + $(b)u < params.inputWidth) {
    d[to + (row + $(a)u) * params.inputWidth + column + $(b)u] = s$(a)_$(b);
  }
#end
#end
}
