// conv-block/stack: COUNT tensors end to end in one (APART = 0), or one cut into COUNT (APART = 1).
//
//   part0 ... part<COUNT - 1>  [size0], ...               read, or written where APART
//   whole                      [size0 + size1 + ...]      written, or read where APART
//
// All contiguous. Tile: one value per invocation. Dispatch: ceil(count / 64) workgroups in a line.

struct Params {
#for k in 0..COUNT
  size$(k): u32,
#end
  count: u32,
}

#if APART
@group(0) @binding(1) var<storage, read> whole: array<f32>;
#for k in 0..COUNT
@group(0) @binding($(k + 2)) var<storage, read_write> part$(k): array<f32>;
#end
#else
@group(0) @binding(1) var<storage, read_write> whole: array<f32>;
#for k in 0..COUNT
@group(0) @binding($(k + 2)) var<storage, read> part$(k): array<f32>;
#end
#end

#include "@infnet/core/kernels/each.part.wgsl"

fn each(t: u32) {
  var i = t;
#for k in 0..COUNT
  if (i < params.size$(k)) {
#if APART
    part$(k)[i] = whole[t];
#else
    whole[t] = part$(k)[i];
#end
    return;
  }
  i -= params.size$(k);
#end
}
