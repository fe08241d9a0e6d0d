// The weight gradient of a convolution as a product of matrices in registers: for CPU adapters without subgroups, and
// with CHANNELS 1, COLUMNS 1 for groups of so few channels that larger tiles would be mostly empty, on any adapter.
//
//   y[m, (k, ty, tx)] = sum over images n, output pixels (oy, ox) of
//     g[n, m, oy, ox] * x[n, k, oy * stride + ty * dilation - padding, ox * stride + tx * dilation - padding]
//
// Layout of g, x, y and the meaning of the parameters: see weight-gradient-subgroup.wgsl.
//
// Tile: one invocation makes CHANNELS * COLUMNS values.
// Dispatch: workgroups of 32 in lines; tiles in x, y (channel tiles fastest), group * splits + split in z.
struct Params {
#include "./weight-gradient-params.part.wgsl"
}
#include "./weight-gradient.part.wgsl"

@compute @workgroup_size(32)
fn main(
#include "./workgroup-id.part.wgsl"
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
#include "./layer.part.wgsl"
  let group = workgroup.z / params.splits;
  let split = workgroup.z % params.splits;
  let firstRow = split * params.rowsPerSplit;
  let endRow = min(firstRow + params.rowsPerSplit, params.rows);
  let inArea = params.inHeight * params.inWidth;
  let outArea = params.outHeight * params.outWidth;
  let tile = (workgroup.y * workgroups.x + workgroup.x) * 32u + local;
  let firstChannel = tile % params.channelTiles * $(CHANNELS)u;
  let firstColumn = tile / params.channelTiles * $(COLUMNS)u;
  if (firstColumn >= params.columns) {
    return;
  }
#for i in 0..CHANNELS
  let m$(i) = group * params.outChannels + min(firstChannel + $(i)u, params.outChannels - 1u);
  let gMap$(i) = params.gOffset + m$(i) * outArea;
#end
#for c in 0..COLUMNS
  let j$(c) = min(firstColumn + $(c)u, params.columns - 1u);
  let tap$(c) = j$(c) % params.taps / params.kernelWidth * params.dilationY * params.inWidth
    + j$(c) % params.taps % params.kernelWidth * params.dilationX;
  let map$(c) = params.xOffset + (group * params.inChannels + j$(c) / params.taps) * inArea + tap$(c);
#end
#for i in 0..CHANNELS
#for c in 0..COLUMNS
  var sum$(i)_$(c) = 0.0;
#end
#end
#if TAPS
  for (var row = firstRow; row < endRow; row++) {
    let n = row / params.outHeight;
    let gAt = n * params.gBatchStride + row % params.outHeight * params.outWidth;
    let inRow = row % params.outHeight * params.strideY;
#for c in 0..COLUMNS
    var at$(c) = map$(c) + n * params.xBatchStride + inRow * params.inWidth;
#end
    for (var p = 0u; p < params.outWidth; p++) {
#for c in 0..COLUMNS
      let v$(c) = x[at$(c)];
      at$(c) += params.strideX;
#end
#else
  // One tap of stride 1 without padding: the pixels of an image are one row.
  for (var n = firstRow / params.outHeight; n * params.outHeight < endRow; n++) {
    let gAt = n * params.gBatchStride;
#for c in 0..COLUMNS
    let at$(c) = map$(c) + n * params.xBatchStride;
#end
    let start = max(firstRow, n * params.outHeight) - n * params.outHeight;
    let end = min(endRow - n * params.outHeight, params.outHeight);
    for (var p = start * params.outWidth; p < end * params.outWidth; p++) {
#for c in 0..COLUMNS
      let v$(c) = x[at$(c) + p];
#end
#end
#for i in 0..CHANNELS
      let g$(i) = g[gMap$(i) + gAt + p];
#for c in 0..COLUMNS
      sum$(i)_$(c) += g$(i) * v$(c);
#end
#end
    }
  }

  // Registers cannot be indexed in a loop, and unrolled stores take ten times as long to compile: through an array.
  var sums: array<f32, $(CHANNELS * COLUMNS)>;
#for i in 0..CHANNELS
#for c in 0..COLUMNS
  sums[$(i * COLUMNS + c)] = sum$(i)_$(c);
#end
#end
  let outChannels = min($(CHANNELS)u, params.outChannels - firstChannel);
  for (var c = 0u; c < $(COLUMNS)u; c++) {
    let j = firstColumn + c;
    if (j >= params.columns) {
      continue;
    }
    for (var i = 0u; i < outChannels; i++) {
      let m = group * params.outChannels + firstChannel + i;
      y[params.yOffset + split * params.ySplitStride + m * params.yBatchStride + j] = sums[i * $(COLUMNS)u + c];
    }
  }
}
