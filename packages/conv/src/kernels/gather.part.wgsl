// What every kernel that gathers x by taps is bound to, where the values of a tile lie, and how a sum is finished.
//
// "Source" is what is read and "result" what is written. The strides in `params` decide which convolution it is:
//   forward         source row = row * stride + ky * dilation - padding; results lie densely.
//   input gradient  x is the gradient of the output. Result pixels fall into stride * stride classes (row % stride,
//                   column % stride); all pixels of a class see the same taps, those whose
//                   class + start + ky * step is divisible by the stride, at source row = row / stride + that quotient.
//   plain product   y[g] = weight[g] x[g]: one image, one tap, groups g (the products inside Winograd's convolution).
// A source value outside the image is zero. TAPS 0 leaves out what one tap of stride 1 without padding does not need.
// A layer is a group and a class: group * classes + class.
//
// x, y       [n, channels of all groups, rows, columns], f32: value (n, c, place) is at xOffset + n * xBatchStride +
//            c * xChannelStride + place. addend lies like x, residual like y, each with an offset and a batch stride.
//            Channel c of group g lies g * xGroupStride behind that of the first group. Rows of a matrix are images of
//            one column: their length stands for the width.
// weight     addressed by its strides per result channel, source channel, tap and group: any order, flipped or not.
//            Stored as f16 with HALF_WEIGHTS, and widened as it is loaded: every product and sum is f32 either way.
// bias       [result channels] (AFFINE 1), or affine [2, result channels]: scale, then shift (AFFINE 2).
// X_IN_OUTPUT, ADDEND 2: x, the addend lie in the same storage as y (ranges apart) and are read through it.
#default TAPS 1
@group(0) @binding(0) var<uniform> params: Params;
#if X_IN_OUTPUT == 0
@group(0) @binding(1) var<storage, read> x: array<f32>;
#end
@group(0) @binding(2) var<storage, read> weight: array<Weight>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
#if AFFINE == 1
@group(0) @binding(4) var<storage, read> bias: array<f32>;
#elif AFFINE == 2
@group(0) @binding(4) var<storage, read> affine: array<f32>;
#end
#if RESIDUAL
@group(0) @binding(5) var<storage, read> residual: array<f32>;
#end
#if ADDEND == 1
@group(0) @binding(6) var<storage, read> addend: array<f32>;
#end

#include "@infnet/core/kernels/relu.part.wgsl"
#include "./layers.part.wgsl"

struct Layer {
  group: u32,
  classY: i32,
  classX: i32,
  // Where the group's values begin.
  x: u32,
  addend: u32,
  weight: i32,
}

fn gatherLayer(number: u32) -> Layer {
  let classes = u32(params.resultStrideY * params.resultStrideX);
  let group = number / classes;
  let maps = group * params.xGroupStride;
  let weights = params.weightOffset + i32(group) * params.weightGroupStride;
  let classY = i32(number % classes) / params.resultStrideX;
  let classX = i32(number) % params.resultStrideX;
  return Layer(group, classY, classX, params.xOffset + maps, params.addendOffset + maps, weights);
}

/// A row or column of taps that a class does not see.
const UNSEEN = 0x7fffffff;

fn tapRow(layer: Layer, ky: i32) -> i32 {
  let numerator = layer.classY + params.tapStartY + ky * params.tapStepY;
  return select(UNSEEN, numerator / params.resultStrideY, numerator % params.resultStrideY == 0);
}

fn tapColumn(layer: Layer, kx: i32) -> i32 {
  let numerator = layer.classX + params.tapStartX + kx * params.tapStepX;
  return select(UNSEEN, numerator / params.resultStrideX, numerator % params.resultStrideX == 0);
}

/// A tap as a layer sees it: its rows and columns from a pixel's in the source, and where its weights begin.
struct Tap {
  seen: bool,
  y: i32,
  x: i32,
  weight: i32,
}

fn tapCount() -> i32 {
  return params.kernelHeight * params.kernelWidth;
}

fn tapOf(layer: Layer, t: i32) -> Tap {
  let ky = t / params.kernelWidth;
  let kx = t - ky * params.kernelWidth;
  let y = tapRow(layer, ky);
  let x = tapColumn(layer, kx);
  return Tap(y != UNSEEN && x != UNSEEN, y, x, ky * params.weightTapStrideY + kx * params.weightTapStrideX);
}

/// A pixel of the grid and the source pixel that its taps count from.
struct Pixel {
  n: u32,
  place: u32,
  row: i32,
  column: i32,
}

/// Pixel `q` of all images; the last one where there are fewer.
fn pixelAt(q: u32) -> Pixel {
  let held = min(q, params.pixels - 1u);
  let n = held / params.area;
  let place = held - n * params.area;
  let row = i32(place / params.columns) * params.sourceStrideY;
  let column = i32(place % params.columns) * params.sourceStrideX;
  return Pixel(n, place, row, column);
}

/// Where the first channel of a pixel's tap lies in both buffers, and whether it is inside the image.
struct Source {
  inside: bool,
  at: u32,
  addendAt: u32,
}

fn sourceOf(layer: Layer, pixel: Pixel, tap: Tap) -> Source {
#if TAPS
  let row = u32(pixel.row + tap.y);
  let column = u32(pixel.column + tap.x);
  let inside = row < params.sourceHeight && column < params.sourceWidth;
  let place = select(0u, row * params.sourceWidth + column, inside);
#else
  let inside = true;
  let place = pixel.place;
#end
  let at = layer.x + pixel.n * params.xBatchStride + place;
  return Source(inside, at, layer.addend + pixel.n * params.addendBatchStride + place);
}

/// x (+ addend); `at` and `addendAt` are indices into their buffers.
fn source(at: u32, addendAt: u32) -> f32 {
#if X_IN_OUTPUT
  var value = y[at];
#else
  var value = x[at];
#end
#if ADDEND == 1
  value += addend[addendAt];
#elif ADDEND == 2
  value += y[addendAt];
#end
  return value;
}

/// Where the result of pixel `q` lies in its map, and whether there is one.
struct Result {
  inside: bool,
  n: u32,
  place: u32,
}

fn resultAt(layer: Layer, q: u32) -> Result {
  let n = q / params.area;
  let place = q - n * params.area;
#if TAPS
  let row = u32(i32(place / params.columns) * params.resultStrideY + layer.classY);
  let column = u32(i32(place % params.columns) * params.resultStrideX + layer.classX);
  let inside = q < params.pixels && row < params.resultHeight && column < params.resultWidth;
  return Result(inside, n, row * params.resultWidth + column);
#else
  return Result(q < params.pixels, n, place);
#end
}

/// Writes one result: `channel` of its group, `place` inside its map.
fn finish(sum: f32, layer: Layer, n: u32, channelOfGroup: u32, place: u32) {
  let channel = layer.group * params.outChannels + channelOfGroup;
  let at = layer.group * params.yGroupStride + channelOfGroup * params.yChannelStride + place;
  var value = sum;
#if AFFINE == 1
  value += bias[params.affineOffset + channel];
#elif AFFINE == 2
  let scale = affine[params.affineOffset + channel];
  value = value * scale + affine[params.affineOffset + params.channels + channel];
#end
#if RESIDUAL
  value += residual[params.residualOffset + n * params.residualBatchStride + at];
#end
  value = select(value, relu(value), params.relu != 0u);
  y[params.yOffset + n * params.yBatchStride + at] = value;
}
