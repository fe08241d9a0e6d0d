// nn/avg-pool-gradient: d(i) = sum of g / divisor over the windows that contain i.
//
//   g  [N, C, outputHeight, outputWidth]  read:    gradient of y, batch item n at gOffset + n * gBatchStride
//   d  [N, C, inputHeight, inputWidth]    written: gradient of x, likewise
//
// Divisors as in pool.wgsl (COUNT_PAD). A gather: the windows that contain a position are a rectangle of results. Tile:
// one position per invocation. Dispatch: ceil(N * C * inputHeight * inputWidth / 64) workgroups in a line.

struct Params {
  gOffset: u32, gBatchStride: u32,
  dOffset: u32, dBatchStride: u32,
  channels: u32,
  inputHeight: u32, inputWidth: u32,
  outputHeight: u32, outputWidth: u32,
  kernelHeight: u32, kernelWidth: u32,
  strideY: u32, strideX: u32,
  padY: u32, padX: u32,
  count: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> g: array<f32>;
@group(0) @binding(2) var<storage, read_write> d: array<f32>;

// The first window that reaches position p of the padded map.
fn firstWindow(p: u32, extent: u32, stride: u32) -> u32 {
  return select(0u, (p - extent) / stride + 1u, p >= extent);
}

// How many positions window i counts along one dimension.
fn counted(i: u32, extent: u32, stride: u32, pad: u32, size: u32) -> u32 {
  let start = i * stride;
#if COUNT_PAD
  return min(start + extent, size + 2u * pad) - start;
#else
  return min(start + extent, size + pad) - max(start, pad);
#end
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let t = (group.y * groups.x + group.x) * 64u + lane;
  if (t >= params.count) { return; }
  let line = t / params.inputWidth;
  let column = t - line * params.inputWidth;
  let plane = line / params.inputHeight;
  let row = line - plane * params.inputHeight;
  let n = plane / params.channels;
  let c = plane - n * params.channels;
  let base = params.gOffset + n * params.gBatchStride + c * params.outputHeight * params.outputWidth;
  let p = row + params.padY;
  let q = column + params.padX;
  let endI = min(p / params.strideY + 1u, params.outputHeight);
  let endJ = min(q / params.strideX + 1u, params.outputWidth);
  let startJ = firstWindow(q, params.kernelWidth, params.strideX);
  var sum = 0.0;
  for (var i = firstWindow(p, params.kernelHeight, params.strideY); i < endI; i++) {
    let rows = counted(i, params.kernelHeight, params.strideY, params.padY, params.inputHeight);
    for (var j = startJ; j < endJ; j++) {
      let columns = counted(j, params.kernelWidth, params.strideX, params.padX, params.inputWidth);
      sum += g[base + i * params.outputWidth + j] / f32(rows * columns);
    }
  }
  let at = (c * params.inputHeight + row) * params.inputWidth + column;
  d[params.dOffset + n * params.dBatchStride + at] = sum;
}
