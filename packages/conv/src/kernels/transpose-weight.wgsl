// Weights in another order: y[i, m] = x[m, i].
//
//   x  [rows, columns]: a result channel per row, its source channels and taps in the columns; from xOffset, rows
//      xStride apart
//   y  [columns, rows], contiguous
//
// Dispatch: one invocation per value of y, in lines of 64, so that writes are contiguous.
struct Params {
  rows: u32,
  columns: u32,
  xOffset: u32,
  xStride: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = (workgroup.y * workgroups.x + workgroup.x) * 64u + local;
  if (index >= params.rows * params.columns) {
    return;
  }
  let column = index / params.rows;
  let row = index - column * params.rows;
  y[index] = x[params.xOffset + row * params.xStride + column];
}
