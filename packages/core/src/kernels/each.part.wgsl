// Calls `each(t)` for every t below params.count: one invocation each, in a line of workgroups of LANES, which is
// folded into y where it is longer than x may be.
#default LANES 64
@group(0) @binding(0) var<uniform> params: Params;

@compute @workgroup_size($(LANES))
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let t = (group.y * groups.x + group.x) * $(LANES)u + lane;
  if (t < params.count) { each(t); }
}
