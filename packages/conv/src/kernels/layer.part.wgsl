// FOLDED 1, where there are more layers (group and class, or group and split) than z takes: y holds the lines of
// `layersPerRow` layers, one behind the other. `workgroup.z` is the layer either way.
#if FOLDED
  let layer = folded.z * params.layersPerRow + folded.y / params.lineRows;
  let workgroup = vec3u(folded.x, folded.y % params.lineRows, layer);
  if (layer >= params.layers) {
    return;
  }
#end
