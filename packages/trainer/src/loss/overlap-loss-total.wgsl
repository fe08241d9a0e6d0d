// trainer/overlap-loss-total: the Dice or Tversky loss from its sums, and what its gradient needs.
//
//   I, F, M = sums over a set of p t, p (1 - t), (1 - p) t                                     (overlap-loss.wgsl)
//   set: a map (POOLED 0: N * C sets), or a class's maps of all images (POOLED 1: C sets)
//   A = I + smooth,  B = I + alpha F + beta M + smooth
//   y = mean over sets of 1 - A / B = (alpha F + beta M) / B
//   factors[set] = 1 / (sets B),  A / (sets B^2); 0, 0 for sets of classes before `firstClass`, which do not count
//
//   partial  [N * C * groupsPerRow, 3]  read
//   y        [1]        written at yOffset
//   factors  [sets, 2]  written from factorsOffset on
//
// B = 0 (nothing there and no smooth) makes the loss NaN.
//
// Tile: one workgroup; each of its 64 invocations takes every 64th set, then invocation 0 adds their sums in order.
// Dispatch: 1 workgroup.

struct Params {
  yOffset: u32, factorsOffset: u32,
  batch: u32, channels: u32,
  groupsPerRow: u32,
  firstClass: u32,
  alpha: f32, beta: f32,
  smooth_: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> partial: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, read_write> factors: array<f32>;

var<workgroup> sums: array<f32, 64>;

#include "@infnet/core/kernels/nan.part.wgsl"

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32) {
#if POOLED
  let images = 1u;
  let maps = params.batch;
#else
  let images = params.batch;
  let maps = 1u;
#end
  let counted = f32(images * (params.channels - params.firstClass));
  var loss = 0.0;
  for (var m = lane; m < images * params.channels; m += 64u) {
    let to = params.factorsOffset + m * 2u;
    if (m % params.channels < params.firstClass) {
      factors[to] = 0.0;
      factors[to + 1u] = 0.0;
      continue;
    }
    var hit = 0.0;
    var extra = 0.0;
    var missed = 0.0;
    for (var n = 0u; n < maps; n++) {
      for (var j = 0u; j < params.groupsPerRow; j++) {
        let base = ((n * params.channels + m) * params.groupsPerRow + j) * 3u;
        hit += partial[base];
        extra += partial[base + 1u];
        missed += partial[base + 2u];
      }
    }
    let wrong = params.alpha * extra + params.beta * missed;
    let above = hit + params.smooth_;
    let below = above + wrong;
    loss += select(wrong / below / counted, nan(), below == 0.0);
    factors[to] = 1.0 / (counted * below);
    factors[to + 1u] = above / (counted * below * below);
  }
  sums[lane] = loss;
  workgroupBarrier();
  if (lane == 0u) {
    for (var l = 1u; l < 64u; l++) { loss += sums[l]; }
    y[params.yOffset] = loss;
  }
}
