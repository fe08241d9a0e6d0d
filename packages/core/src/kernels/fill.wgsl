// y[i] = value.
//
// y : f32 [count], contiguous
// Tile: 1 value per invocation. Dispatch: ceil(count / 64) workgroups of 64, folded into (x, y) when over 65535.
struct Params {
  count: u32,
  value: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let i = (group.y * groups.x + group.x) * 64u + local.x;
  if (i < params.count) {
    y[i] = params.value;
  }
}
