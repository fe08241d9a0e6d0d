// trainer/accumulate: a line of gradients added to the line of the batches before, or put in its place.
//
//   sum = keep ? sum + g : g
//
//   sum      [count]  changed in place
//   g        [count]  read from gOffset on
//   numbers  [9]      read from numbersOffset on: keep (step-numbers.part.wgsl)
//
// Tile: one value per invocation. Dispatch: ceil(count / 64) workgroups in a line.

struct Params {
  gOffset: u32,
  numbersOffset: u32,
  count: u32,
}

@group(0) @binding(1) var<storage, read_write> sum: array<f32>;
@group(0) @binding(2) var<storage, read> g: array<f32>;
@group(0) @binding(3) var<storage, read> numbers: array<f32>;
#include "./step-numbers.part.wgsl"
#include "@infnet/core/kernels/each.part.wgsl"

fn each(i: u32) {
  let added = g[params.gOffset + i];
  // A choice, not a product with keep: the old sum may be infinite or NaN.
  if (stepNumbers(params.numbersOffset).keep == 0.0) { sum[i] = added; } else { sum[i] += added; }
}
