// trainer/step-verdict: takes back that a step may change something where a new value would not be finite.
//
//   result = control, void (neither moves nor finite) where a new value of a parameter, a moment or a running statistic
//            would not be finite; with the largest magnitudes of the new values, where they were looked at
//
//   control     [9]             read from controlOffset on (step-control.part.wgsl)
//   largest     [parts, 3]      read from largestOffset on where control.looks: magnitudes of new values
//               (largest-values.part.wgsl)
//   statistics  [statisticsCount, 2]  read from statisticsOffset on: sum of squares, bits of the largest magnitude of
//                               every new running statistic (gradient-statistics-total.wgsl)
//   result      [9]             written from resultOffset on
//
// Tile: one workgroup; 64 invocations take every 64th value, invocation 0 joins them. Dispatch: 1 workgroup.

struct Params {
  controlOffset: u32,
  resultOffset: u32,
#if VALUES
  largestOffset: u32,
  parts: u32,
#end
#if STATISTICS
  statisticsOffset: u32,
  statisticsCount: u32,
#end
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> control: array<f32>;
@group(0) @binding(2) var<storage, read_write> result: array<f32>;
#if VALUES
@group(0) @binding(3) var<storage, read> largest: array<u32>;
#end
#if STATISTICS
@group(0) @binding(4) var<storage, read> statistics: array<u32>;
#end

#include "./step-control.part.wgsl"
#include "./read-control.part.wgsl"
#include "./write-control.part.wgsl"

/// Largest magnitudes as bits: of new parameters, first and second moments, running statistics.
var<workgroup> found: array<vec4u, 64>;

const INFINITE = 0x7f800000u;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32) {
  var made = stepControl(params.controlOffset);
  var most = vec4u(0u);
#if VALUES
  let parts = select(0u, params.parts, made.looks != 0.0);
  for (var i = lane; i < parts; i += 64u) {
    for (var k = 0u; k < 3u; k++) { most[k] = max(most[k], largest[params.largestOffset + 3u * i + k]); }
  }
#end
#if STATISTICS
  for (var i = lane; i < params.statisticsCount; i += 64u) {
    most.w = max(most.w, statistics[params.statisticsOffset + 2u * i + 1u]);
  }
#end
  found[lane] = most;
  workgroupBarrier();
  if (lane != 0u) { return; }
  for (var l = 1u; l < 64u; l++) { most = max(most, found[l]); }
  if (any(most >= vec4u(INFINITE))) {
    made.moves = 0.0;
    made.finite = 0.0;
  }
  let values = min(most, vec4u(INFINITE));
  made.largestParameter = bitcast<f32>(values.x);
  made.largestMoment1 = bitcast<f32>(values.y);
  made.largestMoment2 = bitcast<f32>(values.z);
  store(params.resultOffset, made);
}
