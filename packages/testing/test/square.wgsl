// values[i] = values[i]^2; one invocation per element, the last workgroup is cut by the length.
@group(0) @binding(0) var<storage, read_write> values: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < arrayLength(&values)) {
    values[id.x] = values[id.x] * values[id.x];
  }
}
