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
  channels: u32,
  inputHeight: u32, inputWidth: u32,
  outputHeight: u32, outputWidth: u32,
  kernelHeight: i32, kernelWidth: i32,
  strideY: i32, strideX: i32,
  padY: i32, padX: i32,
  dilationY: i32, dilationX: i32,
  count: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> winner: array<u32>;

#include "../../../core/src/kernels/nan.part.wgsl"

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let t = (group.y * groups.x + group.x) * 64u + lane;
  if (t >= params.count) { return; }
  let line = t / params.outputWidth;
  let j = t - line * params.outputWidth;
  let plane = line / params.outputHeight;
  let i = line - plane * params.outputHeight;
  let n = plane / params.channels;
  let c = plane - n * params.channels;
  let base = params.xOffset + n * params.xBatchStride + c * params.inputHeight * params.inputWidth;
  let top = i32(i) * params.strideY - params.padY;
  let left = i32(j) * params.strideX - params.padX;
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
