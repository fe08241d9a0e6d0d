// Where a workgroup works: in x and y lie the workgroups of one layer, in z the layers. FOLDED 1, where there are more
// layers than z takes: y holds the lines of `layersPerRow` layers, one behind the other.
struct Invocation {
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
}

fn layerOf(at: Invocation) -> u32 {
#if FOLDED
  return at.workgroup.z * params.layersPerRow + at.workgroup.y / params.lineRows;
#else
  return at.workgroup.z;
#end
}

fn isBeyondLayers(layer: u32) -> bool {
#if FOLDED
  return layer >= params.layers;
#else
  return false;
#end
}

/// The workgroup's number in its layer.
fn numberOf(at: Invocation) -> u32 {
#if FOLDED
  let line = at.workgroup.y % params.lineRows;
#else
  let line = at.workgroup.y;
#end
  return line * at.workgroups.x + at.workgroup.x;
}
