// trainer/gradient-statistics-total: joins the parts of gradient-statistics.wgsl.
//
//   partial     [segments, groups, 2]  read from partialOffset on
//   statistics  [segments, 2]          written from statisticsOffset on: sum of squares (as squares.part.wgsl has
//               it), largest magnitude (bits of floats)
//
// Tile: one parameter per invocation, its parts in order. Dispatch: ceil(segments / 64) workgroups in a line.

struct Params {
  partialOffset: u32,
  statisticsOffset: u32,
  groups: u32,
  count: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> partial: array<u32>;
@group(0) @binding(2) var<storage, read_write> statistics: array<u32>;

#include "./squares.part.wgsl"

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.count) { return; }
  var sum = 0.0;
  var top = 0u;
  for (var k = 0u; k < params.groups; k++) {
    let at = params.partialOffset + (id.x * params.groups + k) * 2u;
    sum = addSquares(sum, bitcast<f32>(partial[at]));
    top = max(top, partial[at + 1u]);
  }
  statistics[params.statisticsOffset + id.x * 2u] = bitcast<u32>(sum);
  statistics[params.statisticsOffset + id.x * 2u + 1u] = top;
}
