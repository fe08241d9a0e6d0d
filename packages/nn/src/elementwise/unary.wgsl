// nn/unary: y = f(x), element by element.
//
//   x  [N, item]   read: batch item n is contiguous and starts at xOffset + n * xBatchStride
//   y  [N, item]   written, likewise
//
//   FUNCTION 1 relu       max(x, 0), NaN where x is
//            2 leakyRelu  x where x > 0, else alpha x
//            3 sigmoid    1 / (1 + exp(-x)), written with exp(-|x|) so that nothing overflows; NaN where x is
//            4 affine     alpha x + beta
//
// Tile: one invocation makes TILE values of one batch item, `span` = ceil(item / TILE) apart, so that neighbouring
// invocations touch neighbouring values; a value is a vec4 where VECTOR = 4 (all sizes, offsets and strides are then
// multiples of 4). Dispatch: ceil(N * span / 64) workgroups in a line. Offsets and sizes in `params` count floats.

struct Params {
  xOffset: u32, xBatchStride: u32,
  yOffset: u32, yBatchStride: u32,
  item: u32,
  span: u32,
  count: u32,
  alpha: f32,
  beta: f32,
}

#include "@infnet/core/kernels/value.part.wgsl"

@group(0) @binding(1) var<storage, read> x: array<Value>;
@group(0) @binding(2) var<storage, read_write> y: array<Value>;

#include "@infnet/core/kernels/nan.part.wgsl"
#include "@infnet/core/kernels/relu-vector.part.wgsl"

fn f(v: Value) -> Value {
#if FUNCTION == 1
#if VECTOR == 4
  return relu4(v);
#else
  return relu(v);
#end
#elif FUNCTION == 2
  return select(params.alpha * v, v, v > Value(0.0));
#elif FUNCTION == 3
  let small = exp(-abs(v));
  let large = Value(1.0) / (Value(1.0) + small);
  let y = select(small * large, large, v >= Value(0.0));
#if VECTOR == 4
  return keepNan4(y, v);
#else
  return keepNan(y, v);
#end
#else
  return params.alpha * v + Value(params.beta);
#end
}

#include "@infnet/core/kernels/each.part.wgsl"

fn each(t: u32) {
  let n = t / params.span;
  let first = t - n * params.span;
  let item = params.item / $(VECTOR)u;
  let base = (params.xOffset + n * params.xBatchStride) / $(VECTOR)u;
  let to = (params.yOffset + n * params.yBatchStride) / $(VECTOR)u;
#for k in 0..TILE
  let e$(k) = first + $(k)u * params.span;
  if (e$(k) < item) { y[to + e$(k)] = f(x[base + e$(k)]); }
#end
}
