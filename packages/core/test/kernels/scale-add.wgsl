// y[n, i] = factor * x[n, i] + a[n, i] over a batch of channel ranges; a kernel for tests of core only.
struct Params {
  count: u32,
  batch: u32,
  xOffset: u32,
  xBatchStride: u32,
  aOffset: u32,
  aBatchStride: u32,
  yOffset: u32,
  yBatchStride: u32,
  factor: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
#if HAS_ADDEND && !ADDEND_IN_OUTPUT
@group(0) @binding(2) var<storage, read> a: array<f32>;
#end
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size($(WG))
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.count) {
    return;
  }
  var value = params.factor * x[params.xOffset + id.y * params.xBatchStride + id.x];
#if ADDEND_IN_OUTPUT
  value += y[params.aOffset + id.y * params.aBatchStride + id.x];
#elif HAS_ADDEND
  value += a[params.aOffset + id.y * params.aBatchStride + id.x];
#end
  y[params.yOffset + id.y * params.yBatchStride + id.x] = value;
}
