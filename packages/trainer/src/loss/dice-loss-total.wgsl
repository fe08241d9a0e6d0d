// trainer/dice-loss-total: the Dice loss from its sums, and what its gradient needs of each map.
//
//   I, S, S - 2 I = sums over a map of p t, p + t, p (1 - t) + (1 - p) t           (dice-loss.wgsl)
//   y = mean over maps of 1 - (2 I + smooth) / (S + smooth) = (S - 2 I) / (S + smooth)
//   map[m] = 2 / (maps (S + smooth)),  (2 I + smooth) / (maps (S + smooth)^2)
//
//   partial  [maps * groupsPerRow, 3]  read
//   y        [1]        written at yOffset
//   factors  [maps, 2]  written from factorsOffset on
//
// Tile: one workgroup; each of its 64 invocations takes every 64th map, then invocation 0 adds their sums in order.
// Dispatch: 1 workgroup.

struct Params {
  yOffset: u32, factorsOffset: u32,
  maps: u32, groupsPerRow: u32,
  smooth_: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> partial: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, read_write> factors: array<f32>;

var<workgroup> sums: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32) {
  let maps = f32(params.maps);
  var loss = 0.0;
  for (var m = lane; m < params.maps; m += 64u) {
    var overlap = 0.0;
    var total = 0.0;
    var wrong = 0.0;
    for (var j = 0u; j < params.groupsPerRow; j++) {
      let base = (m * params.groupsPerRow + j) * 3u;
      overlap += partial[base];
      total += partial[base + 1u];
      wrong += partial[base + 2u];
    }
    let above = 2.0 * overlap + params.smooth_;
    let below = total + params.smooth_;
    loss += wrong / below / maps;
    factors[params.factorsOffset + m * 2u] = 2.0 / (maps * below);
    factors[params.factorsOffset + m * 2u + 1u] = above / (maps * below * below);
  }
  sums[lane] = loss;
  workgroupBarrier();
  if (lane == 0u) {
    for (var l = 1u; l < 64u; l++) { loss += sums[l]; }
    y[params.yOffset] = loss;
  }
}
