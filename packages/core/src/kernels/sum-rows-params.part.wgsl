// Parameters of sum-rows.part.wgsl.
  rowSize: u32,
  rounds: u32,
  groupsPerRow: u32,
  count: u32,
