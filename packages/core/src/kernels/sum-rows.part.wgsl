// SUMS sums of terms over the values of each row: partial[group * SUMS + k] = the k-th sum over the group's values, of
// which `params.groupsPerRow` groups have a row's. The kernel says what a row is (`Row`, `rowOf`) and makes the terms
// of its value i (`terms`).
//
// A workgroup's 64 invocations sum `rounds` values each, 64 apart; then invocation k adds the 64 sums of column k in
// order, so that the result has the same bits every time. Dispatch: rows * groupsPerRow workgroups in a line.
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(7) var<storage, read_write> partial: array<f32>;

alias Terms = array<f32, $(SUMS)>;

/// Column k of lane l at k * 64 + l.
var<workgroup> sums: array<f32, $(SUMS * 64)>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let group = workgroup.y * workgroups.x + workgroup.x;
  let number = group / params.groupsPerRow;
#for k in 0..SUMS
  var sum$(k) = 0.0;
#end
  if (group < params.count) {
    let row = rowOf(number);
    let first = (group - number * params.groupsPerRow) * params.rounds * 64u + lane;
    for (var round = 0u; round < params.rounds; round++) {
      let i = first + round * 64u;
      if (i < params.rowSize) {
        let found = terms(row, i);
#for k in 0..SUMS
        sum$(k) += found[$(k)];
#end
      }
    }
  }
#for k in 0..SUMS
  sums[$(k * 64)u + lane] = sum$(k);
#end
  workgroupBarrier();
  if (lane < $(SUMS)u && group < params.count) {
    var sum = 0.0;
    for (var l = 0u; l < 64u; l++) { sum += sums[lane * 64u + l]; }
    partial[group * $(SUMS)u + lane] = sum;
  }
}
