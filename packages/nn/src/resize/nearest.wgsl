// nn/nearest: y = x resized, each value that of the nearest position: for labels and masks, whose values must not be
// mixed.
//
//   x  [N, P, inputHeight,  inputWidth ]  read: batch item n is contiguous and starts at xOffset + at.n * xBatchStride
//   y  [N, P, outputHeight, outputWidth]  written, likewise; values of 32 bits, whatever they mean
//
//   nearest to result i:  ALIGNED 1 (corner pixels on corner pixels)    i (input - 1) / (output - 1), rounded, half up
//                         ALIGNED 0 (corners of corner pixels)          (i + 0.5) input / output, rounded down
//
// Computed in integers, so that no rounding can move a border. One value per invocation.
// Dispatch: ceil(N * P * outputHeight * outputWidth / 64) workgroups in a line.

struct Params {
  xOffset: u32, xBatchStride: u32,
  yOffset: u32, yBatchStride: u32,
  planes: u32,
  inputHeight: u32, inputWidth: u32,
  outputHeight: u32, outputWidth: u32,
  count: u32,
}

@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

fn nearest(i: u32, input: u32, output: u32) -> u32 {
#if ALIGNED
  let steps = max(output, 2u) - 1u;
  return (2u * i * (input - 1u) + steps) / (2u * steps);
#else
  return (2u * i + 1u) * input / (2u * output);
#end
}

#include "@infnet/core/kernels/each.part.wgsl"
#include "@infnet/core/kernels/position.part.wgsl"

fn each(t: u32) {
  let at = positionOf(t, params.planes, params.outputHeight, params.outputWidth);
  let row = at.plane * params.inputHeight + nearest(at.row, params.inputHeight, params.outputHeight);
  let base = params.xOffset + at.n * params.xBatchStride + row * params.inputWidth;
  let line = at.plane * params.outputHeight + at.row;
  y[params.yOffset + at.n * params.yBatchStride + line * params.outputWidth + at.column] = x[base + nearest(at.column, params.inputWidth, params.outputWidth)];
}
