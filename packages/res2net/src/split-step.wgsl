// One step on the ladder of a Res2Net block, between its 3x3 convolutions, and the ladder's end in the same pass:
//
//   sum[n, i]    = part[n, i] + previous[n, i]     the next convolution's input (Res2Net, arXiv 1904.01169, equation 1)
//   passed[n, i] = last[n, i]                      the last split, which passes unchanged into the joined result
//
// part, previous, last, sum, passed : f32, `batch` items of `count` contiguous values (channels x rows x columns of a
//     split), item n at ?Offset + n * ?BatchStride. part and last are ranges of the split tensor, passed is one of the
//     joined result. So is previous, mostly: PREVIOUS_IN 1 reads it through passed, because one storage cannot be bound
//     for reading and for writing in one dispatch. PREVIOUS_IN 2 reads it through sum, which is in the joined result
//     itself where no convolution follows; 0 has a binding for it.
// Tile: 4 values per invocation, 64 apart. Dispatch: lines of 256 values in x and z, batch items in y; FOLDED 1, where
// the batch is too large for y: one line of workgroups, `lines` for each item.
struct Params {
  count: u32,
  lines: u32,
#if FOLDED
  batch: u32,
#end
  partOffset: u32, partBatchStride: u32,
  previousOffset: u32, previousBatchStride: u32,
  lastOffset: u32, lastBatchStride: u32,
  sumOffset: u32, sumBatchStride: u32,
  passedOffset: u32, passedBatchStride: u32,
}
@group(0) @binding(1) var<storage, read> part: array<f32>;
@group(0) @binding(2) var<storage, read> last: array<f32>;
@group(0) @binding(3) var<storage, read_write> sum: array<f32>;
@group(0) @binding(4) var<storage, read_write> passed: array<f32>;
#if PREVIOUS_IN == 0
@group(0) @binding(5) var<storage, read> previous: array<f32>;
#end

#include "@infnet/core/kernels/lines.part.wgsl"

fn each(n: u32, first: u32) {
#for j in 0..4
  let i$(j) = first + $(j * 64)u;
  if (i$(j) < params.count) {
    let previousAt = params.previousOffset + n * params.previousBatchStride + i$(j);
#if PREVIOUS_IN == 1
    let before = passed[previousAt];
#elif PREVIOUS_IN == 2
    let before = sum[previousAt];
#else
    let before = previous[previousAt];
#end
    sum[params.sumOffset + n * params.sumBatchStride + i$(j)] =
      part[params.partOffset + n * params.partBatchStride + i$(j)] + before;
    passed[params.passedOffset + n * params.passedBatchStride + i$(j)] =
      last[params.lastOffset + n * params.lastBatchStride + i$(j)];
  }
#end
}
