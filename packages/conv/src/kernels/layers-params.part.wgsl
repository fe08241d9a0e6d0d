// Parameters of layers.part.wgsl.
#default FOLDED 0
#if FOLDED
  lineRows: u32, // workgroups of one layer in y
  layersPerRow: u32, // layers that share y
  layers: u32,
#end
