// Parameters of every weight gradient; see weight-gradient.part.wgsl.
  outChannels: u32, // of one group
  inChannels: u32, // of one group
  columns: u32, // inChannels * taps
  taps: u32,
  kernelWidth: u32,
  inHeight: u32,
  inWidth: u32,
  outHeight: u32,
  outWidth: u32,
  strideY: u32,
  strideX: u32,
  dilationY: u32,
  dilationX: u32,
  rows: u32, // batch * outHeight
  splits: u32,
  rowsPerSplit: u32,
  gOffset: u32,
  gBatchStride: u32,
  xOffset: u32,
  xBatchStride: u32,
  yOffset: u32,
  yBatchStride: u32, // between result channels
  ySplitStride: u32,
  channelTiles: u32,
#include "./layers-params.part.wgsl"
