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
  channels: u32,
  inputHeight: u32, inputWidth: u32,
  outputHeight: u32, outputWidth: u32,
  tilesX: u32,
  extentY: u32, extentX: u32,
  strideY: u32, strideX: u32,
  padY: u32, padX: u32,
  count: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> winner: array<u32>;
@group(0) @binding(2) var<storage, read> g: array<f32>;
@group(0) @binding(3) var<storage, read_write> d: array<f32>;

// The first window that reaches position p of the padded map.
fn firstWindow(p: u32, extent: u32, stride: u32) -> u32 {
  return select(0u, (p - extent) / stride + 1u, p >= extent);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let t = (group.y * groups.x + group.x) * 64u + lane;
  if (t >= params.count) { return; }
  let line = t / params.tilesX;
  let column = (t - line * params.tilesX) * $(TILE)u;
  let plane = line / params.inputHeight;
  let row = line - plane * params.inputHeight;
  let n = plane / params.channels;
  let c = plane - n * params.channels;
  let outputs = params.outputHeight * params.outputWidth;
  let base = params.gOffset + n * params.gBatchStride + c * outputs;
  let me = row * params.inputWidth + column;
  let p = row + params.padY;
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
      let won = winner[plane * outputs + at] - me;
      let value = g[base + at];
#for b in 0..TILE
      s$(b) += select(0.0, value, won == $(b)u);
#end
    }
  }
  let to = params.dOffset + n * params.dBatchStride + c * params.inputHeight * params.inputWidth + me;
#for b in 0..TILE
  if (column + $(b)u < params.inputWidth) { d[to + $(b)u] = s$(b); }
#end
}
