// nn/max-pool-winner: the position of each window's first maximum, in row-major order of the window; of NaN, the last
// one.
//
//   x       [N, C, inputHeight, inputWidth]     read: batch item n is contiguous and starts at xOffset + n *
//           xBatchStride
//   winner  [N * C, outputHeight, outputWidth]  written: index inside the map, row * inputWidth + column
//
// Tile: one window per invocation. Dispatch: ceil(N * C * outputHeight * outputWidth / 64) workgroups in a line.

struct Params {
  xOffset: u32, xBatchStride: u32,
#include "./maps-params.part.wgsl"
  kernelHeight: i32, kernelWidth: i32,
  strideY: i32, strideX: i32,
  padY: i32, padX: i32,
  dilationY: i32, dilationX: i32,
  count: u32,
}

@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> winner: array<u32>;

#include "@infnet/core/kernels/nan.part.wgsl"
#include "@infnet/core/kernels/each.part.wgsl"
#include "@infnet/core/kernels/position.part.wgsl"

fn each(t: u32) {
  let to = positionOf(t, params.channels, params.outputHeight, params.outputWidth);
  let base = params.xOffset + to.n * params.xBatchStride + to.plane * params.inputHeight * params.inputWidth;
  let top = i32(to.row) * params.strideY - params.padY;
  let left = i32(to.column) * params.strideX - params.padX;
  // Only numbers are compared: `best` stays a number, and a NaN beside it is remembered.
  var best = 0.0;
  var lost = false;
  var at = 0xffffffffu;
  for (var u = 0; u < params.kernelHeight; u++) {
    let row = top + u * params.dilationY;
    if (row < 0 || row >= i32(params.inputHeight)) { continue; }
    for (var v = 0; v < params.kernelWidth; v++) {
      let column = left + v * params.dilationX;
      if (column < 0 || column >= i32(params.inputWidth)) { continue; }
      let index = u32(row) * params.inputWidth + u32(column);
      let value = x[base + index];
      if (isNan(value)) {
        lost = true;
        at = index;
      } else if (!lost && (at == 0xffffffffu || value > best)) {
        best = value;
        at = index;
      }
    }
  }
  winner[t] = at;
}
