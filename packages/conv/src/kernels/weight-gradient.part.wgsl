// What every weight gradient is bound to, and where the values of a layer lie. A layer is a group and a split: group *
// splits + split.
//
// g  [n, out channels of all groups, oh, ow]: the gradient of the output; x [n, in channels of all groups, h, w]: the
//    input; each with an offset and a batch stride; x with its padding around it (`pad`), so that every tap lies inside
// y  [out channels, in channels of one group, kh, kw], with an offset and a stride between out channels; or, where the
//    sum is split, that many partial results one after another (ySplitStride), which `sum-splits` adds in a fixed order
//
// The sum runs over batch * oh rows, cut into `splits` parts, because deep layers have huge sums for small results.
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> g: array<f32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

#include "./layers.part.wgsl"

struct Share {
  group: u32,
  split: u32,
  firstRow: u32,
  endRow: u32,
  inArea: u32,
  outArea: u32,
}

fn shareOf(layer: u32) -> Share {
  let split = layer % params.splits;
  let firstRow = split * params.rowsPerSplit;
  let endRow = min(firstRow + params.rowsPerSplit, params.rows);
  let inArea = params.inHeight * params.inWidth;
  return Share(layer / params.splits, split, firstRow, endRow, inArea, params.outHeight * params.outWidth);
}

/// Where the map of an out channel of the group begins in g.
fn gradientOf(share: Share, channel: u32) -> u32 {
  return params.gOffset + (share.group * params.outChannels + channel) * share.outArea;
}

/// Where column `j`, an in channel and a tap, begins in x.
fn mapOf(share: Share, j: u32) -> u32 {
  let tap = j % params.taps / params.kernelWidth * params.dilationY * params.inWidth
    + j % params.taps % params.kernelWidth * params.dilationX;
  return params.xOffset + (share.group * params.inChannels + j / params.taps) * share.inArea + tap;
}

/// Where the columns of an out channel of the group begin in y.
fn resultOf(share: Share, channel: u32) -> u32 {
  let m = share.group * params.outChannels + channel;
  return params.yOffset + share.split * params.ySplitStride + m * params.yBatchStride;
}
