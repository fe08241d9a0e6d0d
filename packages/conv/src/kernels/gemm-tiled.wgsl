// Convolution as an implicit matrix product through workgroup memory, for GPUs.
//
//   y[n, m, pixel] = act(scale[m] * sum over taps t, channels k of weight[m, k, t] * (x +
//     addend)[n, k, source(pixel, t)]
//                        + shift[m] + residual[n, m, pixel])
//
// Which convolution it is, and the layout of x, weight, y, bias, affine, residual and addend: see gemm-subgroup.wgsl,
// whose parameters these are.
//
// Tile: a workgroup of 64 makes TILE_M channels * TILE_N pixels, in steps of TILE_K source channels of one tap. The 8 *
// 8 invocations keep TILE_M / 8 rows, side by side, and TILE_N / 8 columns, 8 apart, so that neighbours store side by
// side. An invocation loads always the same pixel, so that only a new tap makes it compute an address.
// Dispatch: x, y: tiles, channel tiles fastest; z: group * classes + class.
#if HALF_WEIGHTS
enable f16;
alias Weight = f16;
#else
alias Weight = f32;
#end

struct Params {
#include "./gather-params.part.wgsl"
  channelTiles: u32,
}
#include "./gather.part.wgsl"

// Rows of the weight tile are padded, so that storing a column of it meets fewer bank conflicts.
var<workgroup> weights: array<f32, $(TILE_K * (TILE_M + 4))>;
var<workgroup> sources: array<f32, $(TILE_K * TILE_N)>;

@compute @workgroup_size(64)
fn main(
#include "./workgroup-id.part.wgsl"
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
#include "./layer.part.wgsl"
  let classes = u32(params.resultStrideY * params.resultStrideX);
  let group = workgroup.z / classes;
  let classY = i32(workgroup.z % classes) / params.resultStrideX;
  let classX = i32(workgroup.z) % params.resultStrideX;
  let xGroup = params.xOffset + group * params.inChannels * params.xChannelStride;
  let addendGroup = params.addendOffset + group * params.inChannels * params.xChannelStride;
  let weightGroup = params.weightOffset + i32(group) * params.weightGroupStride;
  let tile = workgroup.y * workgroups.x + workgroup.x;
  let firstChannel = tile % params.channelTiles * $(TILE_M)u;
  let firstPixel = tile / params.channelTiles * $(TILE_N)u;

  // The pixel that this invocation loads.
  let loaded = min(firstPixel + local % $(TILE_N)u, params.pixels - 1u);
  let loadedN = loaded / params.area;
  let loadedPlace = loaded - loadedN * params.area;
  let loadedRow = i32(loadedPlace / params.columns) * params.sourceStrideY;
  let loadedColumn = i32(loadedPlace % params.columns) * params.sourceStrideX;
  // The rows and columns that it computes.
  let firstRow = local / 8u * $(TILE_M / 8)u;
  let firstColumn = local % 8u;
#for i in 0..TILE_M / 8
#for j in 0..TILE_N / 8
  var sum$(i)_$(j) = 0.0;
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
        for (var k = local / $(TILE_N)u; k < $(TILE_K)u; k += $(64 / TILE_N)u) {
          let channel = min(first + k, params.inChannels - 1u) * params.xChannelStride;
          let value = source(at + channel, addendAt + channel);
          sources[k * $(TILE_N)u + local % $(TILE_N)u] = select(0.0, value, inside && first + k < params.inChannels);
        }
        for (var e = local; e < $(TILE_M * TILE_K)u; e += 64u) {
          let k = first + e % $(TILE_K)u;
          let m = min(firstChannel + e / $(TILE_K)u, params.outChannels - 1u);
          let weightAt = weightGroup + tap + i32(m) * params.weightOutStride
            + i32(min(k, params.inChannels - 1u)) * params.weightInStride;
          weights[e % $(TILE_K)u * $(TILE_M + 4)u + e / $(TILE_K)u] = select(0.0, f32(weight[weightAt]), k < params.inChannels);
        }
        workgroupBarrier();
        for (var k = 0u; k < $(TILE_K)u; k++) {
#for j in 0..TILE_N / 8
          let v$(j) = sources[k * $(TILE_N)u + firstColumn + $(8 * j)u];
#end
#for i in 0..TILE_M / 8
          let w$(i) = weights[k * $(TILE_M + 4)u + firstRow + $(i)u];
#for j in 0..TILE_N / 8
          sum$(i)_$(j) += w$(i) * v$(j);
#end
#end
        }
        workgroupBarrier();
      }
    }
  }

  // Registers cannot be indexed in a loop, and unrolled stores take ten times as long to compile: through an array.
  var sums: array<f32, $(TILE_M * TILE_N / 64)>;
#for i in 0..TILE_M / 8
#for j in 0..TILE_N / 8
  sums[$(i * (TILE_N / 8) + j)] = sum$(i)_$(j);
#end
#end
  for (var j = 0u; j < $(TILE_N / 8)u; j++) {
    let q = firstPixel + firstColumn + 8u * j;
    let n = q / params.area;
    let p = q - n * params.area;
    let row = i32(p / params.columns) * params.resultStrideY + classY;
    let column = i32(p % params.columns) * params.resultStrideX + classX;
    let place = u32(row) * params.resultWidth + u32(column);
    if (q >= params.pixels || u32(row) >= params.resultHeight || u32(column) >= params.resultWidth) {
      continue;
    }
    for (var i = 0u; i < $(TILE_M / 8)u; i++) {
      let channel = firstChannel + firstRow + i;
      if (channel < params.outChannels) {
        finish(sums[i * $(TILE_N / 8)u + j], n, group * params.outChannels + channel, place);
      }
    }
  }
}
