// p[pOffset + i] += g[gOffset + i]; a kernel for tests of core only.
struct Params {
  pOffset: u32,
  gOffset: u32,
  count: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> p: array<f32>;
@group(0) @binding(2) var<storage, read> g: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < params.count) {
    p[params.pOffset + id.x] += g[params.gOffset + id.x];
  }
}
