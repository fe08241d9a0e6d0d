// nn/dropout: y = x * mask, the mask 0 or `scale`, drawn for each `span` values in a row.
//
//   x    [N, item]  read: batch item n is contiguous and starts at xOffset + n * xBatchStride
//   key  [3]        read from keyOffset on: seed, step, batch
//   y    [N, item]  written, as x is read
//
//   mask m = word m of Philox below: counter (m / 4, step, batch, 0), key (seed, place), word m mod 4 of the four;
//   kept where the word is at least `threshold` = rate * 2^32. Value e (counted through the batch) has mask e / span:
//   1 drops single values, H W channels, C H W whole items. As in PyTorch, NaN and infinities become NaN where they
//   are dropped, because they are multiplied by 0.
//
// Tile: one invocation makes 4 values next to each other, for which it mostly draws once. Dispatch: ceil(N item / 256)
// workgroups in a line. Offsets and sizes in `params` count values.

struct Params {
  xOffset: u32, xBatchStride: u32,
  yOffset: u32, yBatchStride: u32,
  keyOffset: u32,
  item: u32,
  total: u32,
  span: u32,
  place: u32,
  threshold: u32,
  scale: f32,
  count: u32,
}

@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> key: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

#include "@infnet/core/kernels/nan.part.wgsl"
#include "@infnet/core/kernels/philox.part.wgsl"
#include "@infnet/core/kernels/each.part.wgsl"

fn each(t: u32) {
  let seed = key[params.keyOffset];
  let step = key[params.keyOffset + 1u];
  let batch = key[params.keyOffset + 2u];
  // No block has this number.
  var block = 0xffffffffu;
  var words = vec4<u32>();
  for (var e = 4u * t; e < min(4u * t + 4u, params.total); e++) {
    let m = e / params.span;
    if (m / 4u != block) {
      block = m / 4u;
      words = philox(vec4<u32>(block, step, batch, 0u), vec2<u32>(seed, params.place));
    }
    let n = e / params.item;
    let i = e - n * params.item;
    let v = x[params.xOffset + n * params.xBatchStride + i];
    let dropped = select(nan(), 0.0, isFinite(v));
    y[params.yOffset + n * params.yBatchStride + i] = select(dropped, v * params.scale, words[m % 4u] >= params.threshold);
  }
}
