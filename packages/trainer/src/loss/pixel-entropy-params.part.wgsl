// Parameters that the two kernels of trainer/pixel-entropy share: sizes, the class that does not count, settings.
  channels: u32,
  area: u32,
  ignored: u32,
#if SMOOTHED
  smoothing: f32,
#end
#if FOCAL
  gamma: f32,
#end
#if WEIGHTED
#for k in 0..CLASSES
  w$(k): f32,
#end
#end
