// Sizes of the maps before and after.
  channels: u32,
  inputHeight: u32, inputWidth: u32,
  outputHeight: u32, outputWidth: u32,
