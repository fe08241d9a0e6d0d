// trainer/cross-entropy-gradient: the gradient of the mean cross entropy with respect to the logits, in one pass.
//
//   CLASSES 1:  d_c = g * factor * (softmax(x)_c - [c = t])                    factor = 1 / (N area)
//   CLASSES 0:  d_c = g * factor * (softmax(x)_c * (sum over k of t_k) - t_c)
//
//   g  [1]           read at gOffset: gradient of the loss
//   x  [N, C, area]  read: batch item n is contiguous and starts at xOffset + n * xBatchStride
//   t  [N, area] u32 (CLASSES 1) or [N, C, area] f32  read, likewise
//   d  [N, C, area]  written, as x
//
// Tile: one pixel, all its channels, per invocation. Dispatch: ceil(N * area / 64) workgroups in a line.

struct Params {
  gOffset: u32,
  xOffset: u32, xBatchStride: u32,
  tOffset: u32, tBatchStride: u32,
  dOffset: u32, dBatchStride: u32,
  channels: u32,
  area: u32,
  factor: f32,
  count: u32,
}

#if CLASSES
alias Target = u32;
#else
alias Target = f32;
#end

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> g: array<f32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> t: array<Target>;
@group(0) @binding(4) var<storage, read_write> d: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let k = (group.y * groups.x + group.x) * 64u + lane;
  if (k >= params.count) { return; }
  let n = k / params.area;
  let i = k - n * params.area;
  let fromX = params.xOffset + n * params.xBatchStride + i;
  let fromT = params.tOffset + n * params.tBatchStride + i;
  let toD = params.dOffset + n * params.dBatchStride + i;
  let scale = g[params.gOffset] * params.factor;
  var largest = x[fromX];
  for (var c = 1u; c < params.channels; c++) { largest = max(largest, x[fromX + c * params.area]); }
  var total = 0.0;
#if CLASSES
  let mass = 1.0;
  let class_ = min(t[fromT], params.channels - 1u);
#else
  var mass = 0.0;
#end
  for (var c = 0u; c < params.channels; c++) {
    total += exp(x[fromX + c * params.area] - largest);
#if CLASSES == 0
    mass += t[fromT + c * params.area];
#end
  }
  for (var c = 0u; c < params.channels; c++) {
    let p = exp(x[fromX + c * params.area] - largest) / total;
#if CLASSES
    d[toD + c * params.area] = scale * (p - select(0.0, 1.0, c == class_));
#else
    d[toD + c * params.area] = scale * (p * mass - t[fromT + c * params.area]);
#end
  }
}
