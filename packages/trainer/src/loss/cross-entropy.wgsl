// trainer/cross-entropy: sums of the cross entropy of softmax(x) over channels with a target per pixel.
//
//   CLASSES 1:  f = log(sum over c of exp x_c) - x_t                            t is the pixel's class
//   CLASSES 0:  f = sum over c of t_c (log(sum exp x) - x_c)                    t is a distribution over classes
//   partial[group] = sum of f over the group's pixels; edge-attention/sum-partials adds them and takes the mean
//
//   x        [N, C, area]  read: batch item n is contiguous and starts at xOffset + n * xBatchStride
//   t        [N, area] u32 (CLASSES 1) or [N, C, area] f32  read, likewise; a class from C on counts as C - 1
//   partial  [N * groupsPerRow]  written
//
// The largest logit of a pixel is taken off first, so nothing overflows. Tile: 64 invocations sum `rounds` pixels each, 64
// apart; then invocation 0 adds their 64 sums in order. Dispatch: N * groupsPerRow workgroups in a line.

struct Params {
  xOffset: u32, xBatchStride: u32,
  tOffset: u32, tBatchStride: u32,
  channels: u32,
  area: u32,
  rounds: u32,
  groupsPerRow: u32,
  count: u32,
}

#if CLASSES
alias Target = u32;
#else
alias Target = f32;
#end

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> t: array<Target>;
@group(0) @binding(3) var<storage, read_write> partial: array<f32>;

var<workgroup> sums: array<f32, 64>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let g = group.y * groups.x + group.x;
  let n = g / params.groupsPerRow;
  var sum = 0.0;
  if (g < params.count) {
    let first = (g - n * params.groupsPerRow) * params.rounds * 64u + lane;
    for (var round = 0u; round < params.rounds; round++) {
      let i = first + round * 64u;
      if (i < params.area) {
        let fromX = params.xOffset + n * params.xBatchStride + i;
        let fromT = params.tOffset + n * params.tBatchStride + i;
        var largest = x[fromX];
        for (var c = 1u; c < params.channels; c++) { largest = max(largest, x[fromX + c * params.area]); }
        var total = 0.0;
        for (var c = 0u; c < params.channels; c++) { total += exp(x[fromX + c * params.area] - largest); }
        let level = largest + log(total);
#if CLASSES
        sum += level - x[fromX + min(t[fromT], params.channels - 1u) * params.area];
#else
        for (var c = 0u; c < params.channels; c++) {
          sum += t[fromT + c * params.area] * (level - x[fromX + c * params.area]);
        }
#end
      }
    }
  }
  sums[lane] = sum;
  workgroupBarrier();
  if (lane == 0u && g < params.count) {
    for (var k = 1u; k < 64u; k++) { sum += sums[k]; }
    partial[g] = sum;
  }
}
