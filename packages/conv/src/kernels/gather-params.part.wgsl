// Parameters of every kernel that gathers x by taps and writes y: see gather.part.wgsl.
  inChannels: u32, // of one group: the length of the sum
  outChannels: u32, // of one group
  channels: u32, // result channels of all groups
  columns: u32, // of the pixel grid (of one class)
  area: u32, // rows * columns of the grid
  pixels: u32, // area * batch
  sourceHeight: u32,
  sourceWidth: u32,
  sourceStrideY: i32,
  sourceStrideX: i32,
  resultHeight: u32,
  resultWidth: u32,
  resultStrideY: i32, // resultStrideY * resultStrideX classes
  resultStrideX: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  tapStartY: i32,
  tapStartX: i32,
  tapStepY: i32,
  tapStepX: i32,
  xOffset: u32,
  xBatchStride: u32,
  xChannelStride: u32,
  xGroupStride: u32,
  addendOffset: u32,
  addendBatchStride: u32,
  weightOffset: i32,
  weightOutStride: i32,
  weightInStride: i32,
  weightTapStrideY: i32,
  weightTapStrideX: i32,
  weightGroupStride: i32,
  yOffset: u32,
  yBatchStride: u32,
  yChannelStride: u32,
  yGroupStride: u32,
  affineOffset: u32,
  residualOffset: u32,
  residualBatchStride: u32,
  relu: u32,
#include "./layers-params.part.wgsl"
