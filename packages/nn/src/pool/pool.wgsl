// nn/pool: the maximum or the mean of a window of each map.
//
//   x  [N, C, inputHeight,  inputWidth ]  read: batch item n is contiguous and starts at xOffset + n * xBatchStride
//   y  [N, C, outputHeight, outputWidth]  written, likewise
//
//   MAX 1:  y(i, j) = max   over u < kernelHeight, v < kernelWidth of x(i strideY - padY + u dilationY, ...)
//   MAX 0:  y(i, j) = sum of the same / divisor; positions outside the map count as 0
//
// The window is cut off at the map. Divisor: the part of the window inside the padded map (inputHeight + padY rows: a
// window of ceil mode may hang over it) where COUNT_PAD = 1, else the part inside the map. A maximum over nothing is
// -Infinity; over a NaN it is NaN.
//
// Maxima are taken of integers: the bits of a float, with those of negative numbers turned over, have the order of the
// floats, and every NaN is put on top. So compilers that assume no NaN or no Infinity cannot lose one (see core's
// nan.part.wgsl).
//
// Tile: one invocation makes TILE_Y x TILE_X neighbouring results. It walks once over all positions that their windows
// touch, loads each value once and gives it to every window it lies in: a 3x3 window with stride 1 costs 4.5 loads per
// result instead of 9 (1x4 tile), a 31x1 window 8.5 instead of 31 (4x1 tile). WIDTH > 0: kernel width and horizontal
// stride are the constants WIDTH and STEP, and the walk along a row is unrolled. Dispatch: ceil(N * C *
// ceil(outputHeight / TILE_Y) * ceil(outputWidth / TILE_X) / 64) workgroups in a line.

struct Params {
  xOffset: u32, xBatchStride: u32,
  yOffset: u32, yBatchStride: u32,
#include "./maps-params.part.wgsl"
  tilesY: u32, tilesX: u32,
  kernelHeight: i32, kernelWidth: i32,
  strideY: i32, strideX: i32,
  padY: i32, padX: i32,
#if DILATED
  dilationY: i32, dilationX: i32,
#end
  count: u32,
}

@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

#if MAX
// The rank of -Infinity.
const nothing = 0u;

/// The rank of a float: its bits, turned over where the sign is set, counted from those of -Infinity on. What lies
/// below that is NaN with a sign, and comes out on top, beside the NaN without.
fn rank(v: f32) -> u32 {
  return turned(bitcast<u32>(v)) - 0x807fffffu;
}

fn value(joined: u32) -> f32 {
  return bitcast<f32>(turned(joined + 0x807fffffu));
}

fn turned(bits: u32) -> u32 {
  return bits ^ (bitcast<u32>(bitcast<i32>(bits) >> 31u) >> 1u);
}

fn join(a: u32, b: u32) -> u32 {
  return max(a, b);
}
#else
const nothing = 0.0;

fn rank(v: f32) -> f32 {
  return v;
}

fn join(a: f32, b: f32) -> f32 {
  return a + b;
}
#end

#include "@infnet/core/kernels/each.part.wgsl"
#include "@infnet/core/kernels/position.part.wgsl"

fn each(t: u32) {
  let tile = positionOf(t, params.channels, params.tilesY, params.tilesX);
  let i0 = tile.row * $(TILE_Y)u;
  let j0 = tile.column * $(TILE_X)u;
  let height = i32(params.inputHeight);
  let width = i32(params.inputWidth);
  let base = params.xOffset + tile.n * params.xBatchStride + tile.plane * params.inputHeight * params.inputWidth;
  let to = params.yOffset + tile.n * params.yBatchStride + tile.plane * params.outputHeight * params.outputWidth;

  // Rows and columns from the first window's corner on; extent: what one window spans.
#if DILATED
  let extentY = (params.kernelHeight - 1) * params.dilationY + 1;
  let extentX = (params.kernelWidth - 1) * params.dilationX + 1;
#else
  let extentY = params.kernelHeight;
  let extentX = params.kernelWidth;
#end
  let cornerY = i32(i0) * params.strideY - params.padY;
  let cornerX = i32(j0) * params.strideX - params.padX;
  let endY = min($(TILE_Y - 1) * params.strideY + extentY, height - cornerY);

#for a in 0..TILE_Y
#for b in 0..TILE_X
  var s$(a)_$(b) = nothing;
#end
#end
  for (var u = max(0, -cornerY); u < endY; u++) {
    let row = base + u32(cornerY + u) * params.inputWidth;
#if WIDTH
#for v in 0..(TILE_X - 1) * STEP + WIDTH
    let p$(v) = cornerX + $(v);
    let found$(v) = select(nothing, rank(x[row + u32(clamp(p$(v), 0, width - 1))]), p$(v) >= 0 && p$(v) < width);
#for b in 0..TILE_X
#if b * STEP <= v && v < b * STEP + WIDTH
    s0_$(b) = join(s0_$(b), found$(v));
#end
#end
#end
#else
#for a in 0..TILE_Y
    let u$(a) = u - $(a) * params.strideY;
#if DILATED
    let rowFits$(a) = u$(a) >= 0 && u$(a) < extentY && u$(a) % params.dilationY == 0;
#else
    let rowFits$(a) = u$(a) >= 0 && u$(a) < extentY;
#end
#end
    let endX = min($(TILE_X - 1) * params.strideX + extentX, width - cornerX);
    for (var v = max(0, -cornerX); v < endX; v++) {
      let found = rank(x[row + u32(cornerX + v)]);
#for b in 0..TILE_X
      let v$(b) = v - $(b) * params.strideX;
#if DILATED
      let columnFits$(b) = v$(b) >= 0 && v$(b) < extentX && v$(b) % params.dilationX == 0;
#else
      let columnFits$(b) = v$(b) >= 0 && v$(b) < extentX;
#end
#for a in 0..TILE_Y
      s$(a)_$(b) = join(s$(a)_$(b), select(nothing, found, rowFits$(a) && columnFits$(b)));
#end
#end
    }
#end
  }
#for a in 0..TILE_Y
#for b in 0..TILE_X
  if (i0 + $(a)u < params.outputHeight && j0 + $(b)u < params.outputWidth) {
    let at = to + (i0 + $(a)u) * params.outputWidth + j0 + $(b)u;
#if MAX
    y[at] = value(s$(a)_$(b));
#else
    let top = cornerY + $(a) * params.strideY;
    let left = cornerX + $(b) * params.strideX;
#if COUNT_PAD
    let rows = min(top + extentY, height + params.padY) - top;
    let columns = min(left + extentX, width + params.padX) - left;
#else
    let rows = min(top + extentY, height) - max(top, 0);
    let columns = min(left + extentX, width) - max(left, 0);
#end
    y[at] = s$(a)_$(b) / f32(rows * columns);
#end
  }
#end
#end
}
