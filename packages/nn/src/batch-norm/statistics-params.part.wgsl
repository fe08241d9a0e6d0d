// Parameters of a kernel that ends with the statistics of channels, or of groups (RUNNING 0).
  statisticsOffset: u32,
#if RUNNING
  runningMeanOffset: u32, runningVarOffset: u32,
  newMeanOffset: u32, newVarOffset: u32,
#end
  eps: f32,
#if RUNNING
  momentum: f32,
#end
