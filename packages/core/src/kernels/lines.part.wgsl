// Calls `each(n, first)`, which makes the values first, first + 64, first + 128 and first + 192 of batch item n, so
// that neighbours load neighbours: workgroups of 64, of which each makes a line of 256 values; lines of an item in x
// and z, items in y. FOLDED 1, where there are more items than y takes: all workgroups in one line, `lines` for each
// item.
#default FOLDED 0
@group(0) @binding(0) var<uniform> params: Params;

@compute @workgroup_size(64)
#if FOLDED
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = group.y * groups.x + group.x;
  let n = index / params.lines;
  if (n < params.batch) { each(n, index % params.lines * 256u + lane); }
}
#else
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  each(group.y, (group.z * params.lines + group.x) * 256u + lane);
}
#end
