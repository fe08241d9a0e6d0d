// The weight gradient of a convolution as a product of matrices, for CPU adapters that have subgroups.
//
//   y[m, (k, ty, tx)] = sum over images n, output pixels (oy, ox) of
//     g[n, m, oy, ox] * x[n, k, oy * stride + ty * dilation - padding, ox * stride + tx * dilation - padding]
//
// g  [n, out channels of all groups, oh, ow]: the gradient of the output; x [n, in channels of all groups, h, w]: the
//    input; each with an offset and a batch stride; x with its padding around it (`pad`), so that every tap lies inside
// y  [out channels, in channels of one group, kh, kw], with an offset and a stride between out channels; or, where the
//    sum is split, that many partial results one after another (ySplitStride), which `sum-splits` adds in a fixed order
//
// The sum runs over batch * oh rows, cut into `splits` parts, because deep layers have huge sums for small results.
// Tile: one subgroup makes CHANNELS out channels * (COLUMNS * SUBGROUP) columns j = (k, ty, tx). For every pixel a lane
// loads CHANNELS / SUBGROUP values of g, which it broadcasts, and COLUMNS values of x. TAPS 0: one tap, stride 1, no
// padding. UNROLL pixels at a time, in the same order, as in gemm-subgroup.wgsl; each map's pixels are loaded together,
// because the maps of a tile may drive each other out of the cache.
// Dispatch: one subgroup per workgroup; x, y: tiles, channel tiles fastest; z: group * splits + split.
enable subgroups;

struct Params {
#include "./weight-gradient-params.part.wgsl"
}
#include "./weight-gradient.part.wgsl"

@compute @workgroup_size($(SUBGROUP))
fn main(
#include "./workgroup-id.part.wgsl"
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(subgroup_invocation_id) lane: u32,
) {
#include "./layer.part.wgsl"
  let group = workgroup.z / params.splits;
  let split = workgroup.z % params.splits;
  let firstRow = split * params.rowsPerSplit;
  let endRow = min(firstRow + params.rowsPerSplit, params.rows);
  let inArea = params.inHeight * params.inWidth;
  let outArea = params.outHeight * params.outWidth;
  let tile = workgroup.y * workgroups.x + workgroup.x;
  let firstChannel = tile % params.channelTiles * $(CHANNELS)u;
  let firstColumn = tile / params.channelTiles * $(COLUMNS * SUBGROUP)u + lane;
#for i in 0..(CHANNELS + SUBGROUP - 1) / SUBGROUP
  let m$(i) = group * params.outChannels + min(firstChannel + $(i * SUBGROUP)u + lane, params.outChannels - 1u);
  let gMap$(i) = params.gOffset + m$(i) * outArea;
#end
#for c in 0..COLUMNS
  let j$(c) = min(firstColumn + $(c * SUBGROUP)u, params.columns - 1u);
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
    let first = row % params.outHeight * params.strideY * params.inWidth;
    let count = params.outWidth;
#else
  // One tap of stride 1 without padding: the pixels of an image are one row.
  for (var n = firstRow / params.outHeight; n * params.outHeight < endRow; n++) {
    let start = max(firstRow, n * params.outHeight) - n * params.outHeight;
    let first = start * params.outWidth;
    let gAt = n * params.gBatchStride + first;
    let count = (min(endRow - n * params.outHeight, params.outHeight) - start) * params.outWidth;
#end
#for c in 0..COLUMNS
    var at$(c) = map$(c) + n * params.xBatchStride + first;
#end
    var p = 0u;
    // Two loops of one text: UNROLL pixels at once, then what is left one by one.
#for rest in (UNROLL == 1)..2
    for (; p + $((UNROLL - 1) * (1 - rest) + 1)u <= count; p += $((UNROLL - 1) * (1 - rest) + 1)u) {
#for i in 0..(CHANNELS + SUBGROUP - 1) / SUBGROUP
#for u in 0..(UNROLL - 1) * (1 - rest) + 1
      let g$(u)_$(i) = g[gMap$(i) + gAt + p + $(u)u];
#end
#end
#for c in 0..COLUMNS
#for u in 0..(UNROLL - 1) * (1 - rest) + 1
      let v$(u)_$(c) = x[at$(c)];
      at$(c) += params.strideX;
#end
#end
#for i in 0..CHANNELS
#for u in 0..(UNROLL - 1) * (1 - rest) + 1
      let b$(u)_$(i) = subgroupBroadcast(g$(u)_$(i / SUBGROUP), $(i % SUBGROUP)u);
#end
#for c in 0..COLUMNS
#for u in 0..(UNROLL - 1) * (1 - rest) + 1
      sum$(i)_$(c) += b$(u)_$(i) * v$(u)_$(c);
#end
#end
#end
    }
#end
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
    let j = firstColumn + c * $(SUBGROUP)u;
    if (j >= params.columns) {
      continue;
    }
    for (var i = 0u; i < outChannels; i++) {
      let m = group * params.outChannels + firstChannel + i;
      y[params.yOffset + split * params.ySplitStride + m * params.yBatchStride + j] = sums[i * $(COLUMNS)u + c];
    }
  }
}
