// trainer/step-verdict: takes back that a step may change something where a new value would not be finite.
//
//   result = control, with fields 0 (change the parameters) and 4 (all is finite) 0 where a fault was found,
//            field 5: new values of parameters or of the optimiser's state are not finite, field 6: running statistics
//
//   control     [8]         read at controlOffset (step-control.wgsl)
//   faults      [faultCount]  read from faultsOffset on: 1 where a new value of a parameter or moment would not be finite
//   statistics  [statisticsCount, 2]  read from statisticsOffset on: sum of squares, bits of the largest magnitude of
//                           every new running statistic (gradient-statistics-total.wgsl)
//   result      [8]         written from resultOffset on
//
// Tile: one workgroup; 64 invocations take every 64th value, invocation 0 joins them. Dispatch: 1 workgroup.

struct Params {
  controlOffset: u32,
  resultOffset: u32,
#if FAULTS
  faultsOffset: u32,
  faultCount: u32,
#end
#if STATISTICS
  statisticsOffset: u32,
  statisticsCount: u32,
#end
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> control: array<f32>;
@group(0) @binding(2) var<storage, read_write> result: array<f32>;
#if FAULTS
@group(0) @binding(3) var<storage, read> faults: array<u32>;
#end
#if STATISTICS
@group(0) @binding(4) var<storage, read> statistics: array<u32>;
#end

var<workgroup> found: array<vec2u, 64>;

const INFINITE = 0x7f800000u;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32) {
  var bad = vec2u(0u);
#if FAULTS
  for (var i = lane; i < params.faultCount; i += 64u) { bad.x |= faults[params.faultsOffset + i]; }
#end
#if STATISTICS
  for (var i = lane; i < params.statisticsCount; i += 64u) {
    if (statistics[params.statisticsOffset + 2u * i + 1u] >= INFINITE) { bad.y = 1u; }
  }
#end
  found[lane] = bad;
  workgroupBarrier();
  if (lane != 0u) { return; }
  for (var l = 1u; l < 64u; l++) { bad |= found[l]; }
  let finite = bad.x == 0u && bad.y == 0u;
  for (var k = 0u; k < 8u; k++) {
    let value = control[params.controlOffset + k];
    result[params.resultOffset + k] = select(value, select(0.0, value, finite), k == 0u || k == 4u);
  }
  result[params.resultOffset + 5u] = f32(bad.x);
  result[params.resultOffset + 6u] = f32(bad.y);
}
