// Parameters of step.part.wgsl.
  gOffset: u32,
  numbersOffset: u32,
  controlOffset: u32,
  firstSegment: u32,
  groups: u32,
#if CHECK
  largestOffset: u32,
#end
