// The workgroup of a kernel that works in layers; see layer.part.wgsl.
#if FOLDED
  @builtin(workgroup_id) folded: vec3u,
#else
  @builtin(workgroup_id) workgroup: vec3u,
#end
