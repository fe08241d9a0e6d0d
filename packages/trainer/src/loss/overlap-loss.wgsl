// trainer/overlap-loss: the sums that Dice and Tversky losses on class indices are made of, for each map (image and
// class).
//
//   t = 1 where the pixel is of the map's class, else 0
//   partial[group] = sums over the group's pixels of  p t,  p (1 - t),  (1 - p) t
//   SQUARED 1:  the second one is p (p - t): the sum of p^2 takes the place of that of p
//
//   x        [N, C, area]          probabilities p, read: batch item n is contiguous and starts at xOffset + n *
//            xBatchStride
//   t        [N, area] u32 or i32  the class of each pixel, read, likewise
//   partial  [N * C * groupsPerRow, 3]  written
//
// A pixel of the class `ignored` adds nothing. A class outside of 0 to C - 1 makes all sums NaN.
//
// Tile and dispatch: see sum-rows.part.wgsl; a row is a map.
#let SUMS = 3

struct Params {
  xOffset: u32, xBatchStride: u32,
  tOffset: u32, tBatchStride: u32,
  channels: u32,
  ignored: u32,
#include "@infnet/core/kernels/sum-rows-params.part.wgsl"
}

@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> t: array<u32>;

#include "@infnet/core/kernels/sum-rows.part.wgsl"
#include "@infnet/core/kernels/nan.part.wgsl"

/// Where a map begins in x and its image in t, and its class.
struct Row {
  x: u32,
  t: u32,
  class_: u32,
}

fn rowOf(map: u32) -> Row {
  let n = map / params.channels;
  let c = map - n * params.channels;
  let inside = c * params.rowSize;
  return Row(params.xOffset + n * params.xBatchStride + inside, params.tOffset + n * params.tBatchStride, c);
}

fn terms(row: Row, i: u32) -> Terms {
  let label = t[row.t + i];
  if (label == params.ignored) { return Terms(0.0, 0.0, 0.0); }
  if (label >= params.channels) { return Terms(nan(), nan(), nan()); }
  let p = x[row.x + i];
  let truth = select(0.0, 1.0, label == row.class_);
#if SQUARED
  return Terms(p * truth, p * (p - truth), (1.0 - p) * truth);
#else
  return Terms(p * truth, p * (1.0 - truth), (1.0 - p) * truth);
#end
}
