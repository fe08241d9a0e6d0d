// a[n, i] = 2 x[n, i], b[n, i] = 3 x[n, i] in one dispatch; a kernel for tests of core only.
struct Params {
  count: u32,
  xOffset: u32, xBatchStride: u32,
  aOffset: u32, aBatchStride: u32,
  bOffset: u32, bBatchStride: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> a: array<f32>;
@group(0) @binding(3) var<storage, read_write> b: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.count) {
    return;
  }
  let value = x[params.xOffset + id.y * params.xBatchStride + id.x];
  a[params.aOffset + id.y * params.aBatchStride + id.x] = 2.0 * value;
  b[params.bOffset + id.y * params.bBatchStride + id.x] = 3.0 * value;
}
