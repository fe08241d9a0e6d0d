// Parameters of a kernel that ends with the statistics of channels.
  statisticsOffset: u32,
  runningMeanOffset: u32, runningVarOffset: u32,
  newMeanOffset: u32, newVarOffset: u32,
  eps: f32,
  momentum: f32,
