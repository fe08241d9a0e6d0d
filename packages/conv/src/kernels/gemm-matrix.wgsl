// Convolution as an implicit matrix product on matrix units ("tensor cores"), by Dawn's subgroup matrices.
// EXPERIMENTAL: the builtins have been compiled, but not yet been run on a card.
//
//   y[n, m, pixel] = act(scale[m] * sum over taps t, channels k of half(weight[m, k, t]) * half((x +
//     addend)[n, k, source(pixel, t)])
//                        + shift[m] + residual[n, m, pixel])
//
// half() rounds to float16, which is what these units multiply; sums are float32. Values beyond 65504 become infinite.
// Which convolution it is, and the layout of x, weight, y, bias, affine, residual and addend: see gemm-subgroup.wgsl,
// whose parameters these are.
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
var<workgroup> results: array<f32, $(SUBGROUPS_M * SUBGROUPS_N * M * N)>;

#if EMULATED
// The sums of one matrix after the other: rows, then columns of matrices.
var<private> sums: array<array<f32, $(M * N / SUBGROUP)>, $(TILE_M / (SUBGROUPS_M * M) * (TILE_N / (SUBGROUPS_N * N)))>;

// Adds left * right to all matrices; `left` and `right` say where the first of each begin.
fn multiplyAccumulate(left: u32, right: u32, lane: u32) {
  for (var block = 0u; block < $(TILE_M / (SUBGROUPS_M * M) * (TILE_N / (SUBGROUPS_N * N)))u; block++) {
    let leftAt = left + block / $(TILE_N / (SUBGROUPS_N * N))u * $(M)u * WEIGHT_ROW;
    let rightAt = right + block % $(TILE_N / (SUBGROUPS_N * N))u * $(N)u;
    for (var i = 0u; i < $(M * N / SUBGROUP)u; i++) {
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
  for (var i = 0u; i < $(M * N / SUBGROUP)u; i++) {
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
  firstChannel: u32,
  firstPixel: u32,
  group: u32,
  classY: i32,
  classX: i32,
}

// Finishes what lies in `results`: of every subgroup the same one of its matrices.
fn finishBlock(tile: Tile, block: u32, local: u32) {
  let i = block / $(TILE_N / (SUBGROUPS_N * N))u;
  let j = block % $(TILE_N / (SUBGROUPS_N * N))u;
  for (var e = local; e < $(SUBGROUPS_M * SUBGROUPS_N * M * N)u; e += $(SUBGROUPS_M * SUBGROUPS_N * SUBGROUP)u) {
    let subgroup = e / $(M * N)u;
    let blockRow = subgroup / $(SUBGROUPS_N)u * $(TILE_M / (SUBGROUPS_M * M))u + i;
    let blockColumn = subgroup % $(SUBGROUPS_N)u * $(TILE_N / (SUBGROUPS_N * N))u + j;
    let channel = tile.firstChannel + blockRow * $(M)u + e % $(M * N)u / $(N)u;
    let q = tile.firstPixel + blockColumn * $(N)u + e % $(N)u;
    let n = q / params.area;
    let p = q - n * params.area;
    let row = i32(p / params.columns) * params.resultStrideY + tile.classY;
    let column = i32(p % params.columns) * params.resultStrideX + tile.classX;
    let inside = q < params.pixels && u32(row) < params.resultHeight && u32(column) < params.resultWidth;
    if (inside && channel < params.outChannels) {
      finish(results[e], n, tile.group * params.outChannels + channel, u32(row) * params.resultWidth + u32(column));
    }
  }
}

@compute @workgroup_size($(SUBGROUPS_M * SUBGROUPS_N * SUBGROUP))
fn main(
#include "./workgroup-id.part.wgsl"
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
#if EMULATED == 0
  @builtin(subgroup_id) subgroup: u32,
#end
) {
#include "./layer.part.wgsl"
  let classes = u32(params.resultStrideY * params.resultStrideX);
  let group = workgroup.z / classes;
  let classY = i32(workgroup.z % classes) / params.resultStrideX;
  let classX = i32(workgroup.z) % params.resultStrideX;
  let xGroup = params.xOffset + group * params.inChannels * params.xChannelStride;
  let addendGroup = params.addendOffset + group * params.inChannels * params.xChannelStride;
  let weightGroup = params.weightOffset + i32(group) * params.weightGroupStride;
  let index = workgroup.y * workgroups.x + workgroup.x;
  let firstChannel = index % params.channelTiles * $(TILE_M)u;
  let firstPixel = index / params.channelTiles * $(TILE_N)u;
  let tile = Tile(firstChannel, firstPixel, group, classY, classX);

  // The pixel that this invocation loads, whatever the channel.
  let loaded = min(firstPixel + local % $(TILE_N)u, params.pixels - 1u);
  let loadedN = loaded / params.area;
  let loadedPlace = loaded - loadedN * params.area;
  let loadedRow = i32(loadedPlace / params.columns) * params.sourceStrideY;
  let loadedColumn = i32(loadedPlace % params.columns) * params.sourceStrideX;
  // Where the subgroup's share of the tiles begins.
#if EMULATED
  let subgroup = local / $(SUBGROUP)u;
  let lane = local % $(SUBGROUP)u;
#end
  let leftRows = subgroup / $(SUBGROUPS_N)u * $(TILE_M / SUBGROUPS_M)u * WEIGHT_ROW;
  let rightColumns = subgroup % $(SUBGROUPS_N)u * $(TILE_N / SUBGROUPS_N)u;
#if EMULATED == 0
#for i in 0..TILE_M / (SUBGROUPS_M * M)
#for j in 0..TILE_N / (SUBGROUPS_N * N)
  var sums$(i)_$(j): Sums;
#end
#end
#end
  for (var ky = 0; ky < params.kernelHeight; ky++) {
    let numeratorY = classY + params.tapStartY + ky * params.tapStepY;
    if (numeratorY % params.resultStrideY != 0) {
      continue;
    }
    let tapY = numeratorY / params.resultStrideY;
    for (var kx = 0; kx < params.kernelWidth; kx++) {
      let numeratorX = classX + params.tapStartX + kx * params.tapStepX;
      if (numeratorX % params.resultStrideX != 0) {
        continue;
      }
      let tapX = numeratorX / params.resultStrideX;
      let tap = ky * params.weightTapStrideY + kx * params.weightTapStrideX;
      let inside = u32(loadedRow + tapY) < params.sourceHeight && u32(loadedColumn + tapX) < params.sourceWidth;
      let place = select(0u, u32(loadedRow + tapY) * params.sourceWidth + u32(loadedColumn + tapX), inside);
      let at = xGroup + loadedN * params.xBatchStride + place;
      let addendAt = addendGroup + loadedN * params.addendBatchStride + place;
      for (var first = 0u; first < params.inChannels; first += $(TILE_K)u) {
        for (var k = local / $(TILE_N)u; k < $(TILE_K)u; k += $(SUBGROUPS_M * SUBGROUPS_N * SUBGROUP / TILE_N)u) {
          let channel = min(first + k, params.inChannels - 1u) * params.xChannelStride;
          let value = source(at + channel, addendAt + channel);
          let kept = select(0.0, value, inside && first + k < params.inChannels);
          sources[k * SOURCE_ROW + local % $(TILE_N)u] = narrow(kept);
        }
        for (var e = local; e < $(TILE_M * TILE_K)u; e += $(SUBGROUPS_M * SUBGROUPS_N * SUBGROUP)u) {
          let k = first + e % $(TILE_K)u;
          let m = min(firstChannel + e / $(TILE_K)u, params.outChannels - 1u);
          let weightAt = weightGroup + tap + i32(m) * params.weightOutStride
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
#for j in 0..TILE_N / (SUBGROUPS_N * N)
          let right$(j) = subgroupMatrixLoad<Right, row_major>(&sources, rightAt + $(j * N)u, SOURCE_ROW);
#end
#for i in 0..TILE_M / (SUBGROUPS_M * M)
          let left$(i) = subgroupMatrixLoad<Left, row_major>(&weights, leftAt + $(i * M)u * WEIGHT_ROW, WEIGHT_ROW);
#for j in 0..TILE_N / (SUBGROUPS_N * N)
          sums$(i)_$(j) = subgroupMatrixMultiplyAccumulate(left$(i), right$(j), sums$(i)_$(j));
#end
#end
#end
        }
        workgroupBarrier();
      }
    }
  }
  // A loop, for the text that finishes is long; which matrix is stored must be written out.
  for (var block = 0u; block < $(TILE_M / (SUBGROUPS_M * M) * (TILE_N / (SUBGROUPS_N * N)))u; block++) {
#if EMULATED
    store(subgroup * $(M * N)u, block, lane);
#else
    switch (block) {
#for i in 0..TILE_M / (SUBGROUPS_M * M)
#for j in 0..TILE_N / (SUBGROUPS_N * N)
      case $(i * (TILE_N / (SUBGROUPS_N * N)) + j)u: {
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
