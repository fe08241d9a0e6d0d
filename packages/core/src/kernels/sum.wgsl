// Sum of COUNT tensors of one shape: y[n, i] = x0[n, i] + x1[n, i] + ... (and a plain copy for COUNT = 1).
//
// x0 ... : f32, `batch` items of `count` contiguous values each, at x?Offset + n * x?BatchStride
// y      : likewise
// Tile: 4 values per invocation, 64 apart, so that neighbours load neighbours. Dispatch: ceil(count / 256) x batch
// workgroups of 64, the first dimension folded into (x, z) when it is over 65535. FOLDED 1, where the batch is: one
// line of workgroups, `lines` for each item.
struct Params {
  count: u32,
  lines: u32,
#if FOLDED
  batch: u32,
#end
  yOffset: u32,
  yBatchStride: u32,
#for i in 0..COUNT
  x$(i)Offset: u32,
  x$(i)BatchStride: u32,
#end
}
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
#for i in 0..COUNT
@group(0) @binding($(i + 2)) var<storage, read> x$(i): array<f32>;
#end

#include "./lines.part.wgsl"

fn each(n: u32, first: u32) {
#for j in 0..4
  let i$(j) = first + $(j * 64)u;
  if (i$(j) < params.count) {
    var sum = x0[params.x0Offset + n * params.x0BatchStride + i$(j)];
#for k in 1..COUNT
    sum += x$(k)[params.x$(k)Offset + n * params.x$(k)BatchStride + i$(j)];
#end
    y[params.yOffset + n * params.yBatchStride + i$(j)] = sum;
  }
#end
}
