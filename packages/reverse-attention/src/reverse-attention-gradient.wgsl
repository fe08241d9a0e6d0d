// reverse-attention/gradient: both gradients of reverse attention in one pass over g and x.
//
//   w[n, p]          = 1 - sigmoid(a),  a = logits resized to p, as in reverse-attention.wgsl
//   dx[n, c, p]      = w[n, p] * g[n, c, p]                               (INPUT)
//   dResized[n, p]   = -w (1 - w) * sum over c of g[n, c, p] * x[n, c, p]   with respect to the *resized* logits
//
//   g, x       [N, C, H, W]  read: batch item n is contiguous and starts at gOffset + n * gBatchStride
//   logits     [N, 1, h, w]  read, likewise
//   dx         [N, C, H, W]  written, likewise, where INPUT
//   dResized   [N, 1, H, W]  written, likewise
//
// Tile: a workgroup of GROUP invocations takes GROUP / SPLIT values (vec4 where VECTOR = 4) of one batch item; SPLIT
// invocations share the channels of one value and add their sums in a fixed order. SPLIT = 1 has no barrier: that is
// for CPU adapters. Dispatch: N * ceil(span / (GROUP / SPLIT)) workgroups in a line, span = H * W / VECTOR.

struct Params {
  gOffset: u32, gBatchStride: u32,
  xOffset: u32, xBatchStride: u32,
  logitsOffset: u32, logitsBatchStride: u32,
  dResizedOffset: u32, dResizedBatchStride: u32,
#if INPUT
  dxOffset: u32, dxBatchStride: u32,
#end
  channels: u32,
  span: u32,
  tiles: u32,
  count: u32,
#if RESIZE
  width: u32,
  logitsHeight: u32, logitsWidth: u32,
  rowStep: f32, columnStep: f32,
#end
}

#include "@infnet/core/kernels/value.part.wgsl"

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> g: array<Value>;
@group(0) @binding(2) var<storage, read> x: array<Value>;
@group(0) @binding(3) var<storage, read> logits: array<f32>;
@group(0) @binding(4) var<storage, read_write> dResized: array<Value>;
#if INPUT
@group(0) @binding(5) var<storage, read_write> dx: array<Value>;
#end

#if SPLIT > 1
var<workgroup> sums: array<Value, $(GROUP)>;
#end

#include "./reversed.part.wgsl"

@compute @workgroup_size($(GROUP))
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let t = group.y * groups.x + group.x;
  let n = t / params.tiles;
  let slice = lane / $(GROUP / SPLIT)u;
  let at = (t - n * params.tiles) * $(GROUP / SPLIT)u + lane - slice * $(GROUP / SPLIT)u;
  // No early return: the barrier below must be reached by all.
  let inside = t < params.count && at < params.span;

  var w = Value(0.0);
  var sum = Value(0.0);
  if (inside) {
    let item = params.logitsOffset + n * params.logitsBatchStride;
    w = reversedAt(item, at);
    let gStart = (params.gOffset + n * params.gBatchStride) / $(VECTOR)u + at;
    let xStart = (params.xOffset + n * params.xBatchStride) / $(VECTOR)u + at;
#if INPUT
    let dxStart = (params.dxOffset + n * params.dxBatchStride) / $(VECTOR)u + at;
#end
    for (var c = slice; c < params.channels; c += $(SPLIT)u) {
      let upstream = g[gStart + c * params.span];
      sum += upstream * x[xStart + c * params.span];
#if INPUT
      dx[dxStart + c * params.span] = w * upstream;
#end
    }
  }
#if SPLIT > 1
  sums[lane] = sum;
  workgroupBarrier();
  if (slice > 0u) { return; }
#for k in 1..SPLIT
  sum += sums[lane + $(k * (GROUP / SPLIT))u];
#end
#end
  if (inside) {
    dResized[(params.dResizedOffset + n * params.dResizedBatchStride) / $(VECTOR)u + at] = -w * (1.0 - w) * sum;
  }
}
