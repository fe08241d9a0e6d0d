// nn/bilinear: y = x resized, each value a mean of four neighbours weighted by their distance.
//
//   x  [N, C, inputHeight,  inputWidth ]  read: batch item n is contiguous and starts at xOffset + at.n * xBatchStride
//   y  [N, C, outputHeight, outputWidth]  written, likewise
//
//   source position of result i:  s = max(0, scale * (i + half) - half)
//     corners aligned:     scale = (input - 1) / (output - 1), half = 0
//     corners not aligned: scale = input / output, or 1 / the given factor, half = 0.5
//   neighbours k = min(floor(s), input - 1) and min(k + 1, input - 1), weights 1 - (s - k) and s - k;
//   where a dimension keeps its size, both are result i itself, so that an infinite neighbour does not come in as 0 *
//     Infinity
//
// Positions are float32, as in the reference's CPU code. Tile: one invocation makes one position of TILE channels, so
// that positions and weights are computed once. Dispatch: ceil(N * ceil(C / TILE) * outputHeight * outputWidth / 64)
// workgroups in a line.

struct Params {
  xOffset: u32, xBatchStride: u32,
  yOffset: u32, yBatchStride: u32,
  channels: u32, blocks: u32,
  inputHeight: u32, inputWidth: u32,
  outputHeight: u32, outputWidth: u32,
  scaleY: f32, scaleX: f32,
  half: f32,
  count: u32,
}

@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

#include "@infnet/core/kernels/each.part.wgsl"
#include "@infnet/core/kernels/position.part.wgsl"

fn each(t: u32) {
  let at = positionOf(t, params.blocks, params.outputHeight, params.outputWidth);
  let c0 = at.plane * $(TILE)u;

  let sourceY = max(0.0, params.scaleY * (f32(at.row) + params.half) - params.half);
  let sourceX = max(0.0, params.scaleX * (f32(at.column) + params.half) - params.half);
  let top = min(u32(sourceY), params.inputHeight - 1u);
  let left = min(u32(sourceX), params.inputWidth - 1u);
  let down = select(0u, params.inputWidth, top + 1u < params.inputHeight && params.inputHeight != params.outputHeight);
  let right = select(0u, 1u, left + 1u < params.inputWidth && params.inputWidth != params.outputWidth);
  let v = clamp(sourceY - f32(top), 0.0, 1.0);
  let h = clamp(sourceX - f32(left), 0.0, 1.0);

  let inputPlane = params.inputHeight * params.inputWidth;
  let outputPlane = params.outputHeight * params.outputWidth;
  let base = params.xOffset + at.n * params.xBatchStride + c0 * inputPlane + top * params.inputWidth + left;
  let to = params.yOffset + at.n * params.yBatchStride + c0 * outputPlane + at.row * params.outputWidth + at.column;
#for k in 0..TILE
  if (c0 + $(k)u < params.channels) {
    let p = base + $(k)u * inputPlane;
    let upper = (1.0 - h) * x[p] + h * x[p + right];
    let lower = (1.0 - h) * x[p + down] + h * x[p + down + right];
    y[to + $(k)u * outputPlane] = (1.0 - v) * upper + v * lower;
  }
#end
}
