// Convolution as an implicit matrix product on matrix units ("tensor cores"), by Dawn's subgroup matrices.
// EXPERIMENTAL: the builtins have been compiled, but not yet been run on a card.
//
//   y[n, m, pixel] = act(scale[m] * sum over taps t, channels k of half(weight[m, k, t]) * half((x +
//     addend)[n, k, source(pixel, t)])
//                        + shift[m] + residual[n, m, pixel])
//
// half() rounds to float16, which is what these units multiply; sums are float32. Values beyond 65504 become infinite.
// Which convolution it is, and the layout of x, weight, y, bias, affine, residual and addend: see gather.part.wgsl.
//
// A subgroup matrix is spread over the lanes of a subgroup in a way that only the hardware knows: it can be loaded,
// stored and multiplied as a whole, no lane can look at its part. So everything else is done in workgroup memory:
//
//   1. All invocations fill two tiles with float16: weights [TILE_M, TILE_K] and gathered x [TILE_K, TILE_N], of TILE_K
//      source channels of one tap; zero where the sum has ended and outside the image.
//   2. Every subgroup multiplies its share. SUBGROUPS_M * SUBGROUPS_N subgroups lie over the tile, and each keeps
//      BLOCKS_M * BLOCKS_N matrices of M * N sums. A step multiplies BLOCKS_M matrices M * K with BLOCKS_N matrices K *
//      N.
//   3. Finally each subgroup stores one of its matrices of sums, and all invocations finish them as every other kernel
//      does; then the next.
//
// Rows of the tiles are 16 bytes longer than they need to be: neighbouring rows meet fewer bank conflicts, and a row
// must begin at a multiple of 16 bytes.
//
// EMULATED replaces the three builtins by plain WGSL: a matrix to multiply is then the place where it lies, and lane l
// of a subgroup keeps the sums l, l + SUBGROUP, ... of each matrix. All else is the same text, so that any device can
// test it. Without F16 the tiles hold float32 that was rounded to float16.
//
// Dispatch: x, y: tiles, channel tiles fastest; z: group * classes + class. Workgroup: SUBGROUPS_M * SUBGROUPS_N full
// subgroups.
#let BLOCKS_M = TILE_M / (SUBGROUPS_M * M)
#let BLOCKS_N = TILE_N / (SUBGROUPS_N * N)
#let SUBGROUPS = SUBGROUPS_M * SUBGROUPS_N
#let INVOCATIONS = SUBGROUPS * SUBGROUP
// Sums of a matrix in a lane.
#let SUMS = M * N / SUBGROUP
#if EMULATED == 0
enable chromium_experimental_subgroup_matrix;
enable subgroups;
#end
#if F16
enable f16;
alias Half = f16;
#else
alias Half = f32;
#end
#if HALF_WEIGHTS
alias Weight = f16;
#else
alias Weight = f32;
#end

struct Params {
#include "./gather-params.part.wgsl"
  channelTiles: u32,
}
#include "./gather.part.wgsl"

fn narrow(value: f32) -> Half {
#if F16
  return Half(value);
#else
  return quantizeToF16(value);
#end
}

const WEIGHT_ROW = $(TILE_K + 8)u;
const SOURCE_ROW = $(TILE_N + 8)u;
var<workgroup> weights: array<Half, $(TILE_M * (TILE_K + 8))>;
var<workgroup> sources: array<Half, $(TILE_K * (TILE_N + 8))>;
// A matrix of sums of every subgroup.
var<workgroup> results: array<f32, $(SUBGROUPS * M * N)>;

#if EMULATED
// The sums of one matrix after the other: rows, then columns of matrices.
var<private> sums: array<array<f32, $(SUMS)>, $(BLOCKS_M * BLOCKS_N)>;

// Adds left * right to all matrices; `left` and `right` say where the first of each begin.
fn multiplyAccumulate(left: u32, right: u32, lane: u32) {
  for (var block = 0u; block < $(BLOCKS_M * BLOCKS_N)u; block++) {
    let leftAt = left + block / $(BLOCKS_N)u * $(M)u * WEIGHT_ROW;
    let rightAt = right + block % $(BLOCKS_N)u * $(N)u;
    for (var i = 0u; i < $(SUMS)u; i++) {
      let row = (lane + i * $(SUBGROUP)u) / $(N)u;
      let column = (lane + i * $(SUBGROUP)u) % $(N)u;
      var sum = sums[block][i];
      for (var k = 0u; k < $(K)u; k++) {
        sum += f32(weights[leftAt + row * WEIGHT_ROW + k]) * f32(sources[rightAt + k * SOURCE_ROW + column]);
      }
      sums[block][i] = sum;
    }
  }
}

fn store(at: u32, block: u32, lane: u32) {
  for (var i = 0u; i < $(SUMS)u; i++) {
    results[at + lane + i * $(SUBGROUP)u] = sums[block][i];
  }
}
#else
// Columns before rows, as Dawn's types have it.
alias Left = subgroup_matrix_left<f16, $(K), $(M)>;
alias Right = subgroup_matrix_right<f16, $(N), $(K)>;
alias Sums = subgroup_matrix_result<f32, $(N), $(M)>;
#end

struct Tile {
  layer: Layer,
  firstChannel: u32,
  firstPixel: u32,
}

// Finishes what lies in `results`: of every subgroup the same one of its matrices.
fn finishBlock(tile: Tile, block: u32, local: u32) {
  let i = block / $(BLOCKS_N)u;
  let j = block % $(BLOCKS_N)u;
  for (var e = local; e < $(SUBGROUPS * M * N)u; e += $(INVOCATIONS)u) {
    let subgroup = e / $(M * N)u;
    let blockRow = subgroup / $(SUBGROUPS_N)u * $(BLOCKS_M)u + i;
    let blockColumn = subgroup % $(SUBGROUPS_N)u * $(BLOCKS_N)u + j;
    let channel = tile.firstChannel + blockRow * $(M)u + e % $(M * N)u / $(N)u;
    let result = resultAt(tile.layer, tile.firstPixel + blockColumn * $(N)u + e % $(N)u);
    if (result.inside && channel < params.outChannels) {
      finish(results[e], tile.layer, result.n, channel, result.place);
    }
  }
}

@compute @workgroup_size($(INVOCATIONS))
fn main(
  at: Invocation,
  @builtin(local_invocation_index) local: u32,
#if EMULATED == 0
  @builtin(subgroup_id) subgroup: u32,
#end
) {
  if (isBeyondLayers(layerOf(at))) { return; }
  let layer = gatherLayer(layerOf(at));
  let index = numberOf(at);
  let firstChannel = index % params.channelTiles * $(TILE_M)u;
  let firstPixel = index / params.channelTiles * $(TILE_N)u;
  let tile = Tile(layer, firstChannel, firstPixel);

  // The pixel that this invocation loads, whatever the channel.
  let pixel = pixelAt(firstPixel + local % $(TILE_N)u);
  // Where the subgroup's share of the tiles begins.
#if EMULATED
  let subgroup = local / $(SUBGROUP)u;
  let lane = local % $(SUBGROUP)u;
#end
  let leftRows = subgroup / $(SUBGROUPS_N)u * $(TILE_M / SUBGROUPS_M)u * WEIGHT_ROW;
  let rightColumns = subgroup % $(SUBGROUPS_N)u * $(TILE_N / SUBGROUPS_N)u;
#if EMULATED == 0
#for i in 0..BLOCKS_M
#for j in 0..BLOCKS_N
  var sums$(i)_$(j): Sums;
#end
#end
#end
  for (var t = 0; t < tapCount(); t++) {
    let tap = tapOf(layer, t);
    if (!tap.seen) { continue; }
    let loaded = sourceOf(layer, pixel, tap);
    for (var first = 0u; first < params.inChannels; first += $(TILE_K)u) {
      for (var k = local / $(TILE_N)u; k < $(TILE_K)u; k += $(INVOCATIONS / TILE_N)u) {
        let channel = min(first + k, params.inChannels - 1u) * params.xChannelStride;
        let value = source(loaded.at + channel, loaded.addendAt + channel);
        let kept = select(0.0, value, loaded.inside && first + k < params.inChannels);
        sources[k * SOURCE_ROW + local % $(TILE_N)u] = narrow(kept);
      }
      for (var e = local; e < $(TILE_M * TILE_K)u; e += $(INVOCATIONS)u) {
        let k = first + e % $(TILE_K)u;
        let m = min(firstChannel + e / $(TILE_K)u, params.outChannels - 1u);
        let weightAt = layer.weight + tap.weight + i32(m) * params.weightOutStride
          + i32(min(k, params.inChannels - 1u)) * params.weightInStride;
        let value = select(0.0, f32(weight[weightAt]), k < params.inChannels);
        weights[e / $(TILE_K)u * WEIGHT_ROW + e % $(TILE_K)u] = narrow(value);
      }
      workgroupBarrier();
      for (var k = 0u; k < $(TILE_K)u; k += $(K)u) {
        let leftAt = leftRows + k;
        let rightAt = k * SOURCE_ROW + rightColumns;
#if EMULATED
        multiplyAccumulate(leftAt, rightAt, lane);
#else
#for j in 0..BLOCKS_N
        let right$(j) = subgroupMatrixLoad<Right, row_major>(&sources, rightAt + $(j * N)u, SOURCE_ROW);
#end
#for i in 0..BLOCKS_M
        let left$(i) = subgroupMatrixLoad<Left, row_major>(&weights, leftAt + $(i * M)u * WEIGHT_ROW, WEIGHT_ROW);
#for j in 0..BLOCKS_N
        sums$(i)_$(j) = subgroupMatrixMultiplyAccumulate(left$(i), right$(j), sums$(i)_$(j));
#end
#end
#end
      }
      workgroupBarrier();
    }
  }
  // A loop, for the text that finishes is long; which matrix is stored must be written out.
  for (var block = 0u; block < $(BLOCKS_M * BLOCKS_N)u; block++) {
#if EMULATED
    store(subgroup * $(M * N)u, block, lane);
#else
    switch (block) {
#for i in 0..BLOCKS_M
#for j in 0..BLOCKS_N
      case $(i * BLOCKS_N + j)u: {
        subgroupMatrixStore<row_major>(&results, subgroup * $(M * N)u, sums$(i)_$(j), $(N)u);
      }
#end
#end
      default: {
      }
    }
#end
    workgroupBarrier();
    finishBlock(tile, block, local);
    workgroupBarrier();
  }
}
