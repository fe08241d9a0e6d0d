// How much of a value the coarser prediction did not find; needs logits, VECTOR and, with RESIZE, its parameters.

#include "@infnet/core/kernels/nan.part.wgsl"
#if RESIZE
#include "./resized.part.wgsl"
#end

/// The logit at pixel p of the feature map; `item` is where the batch item's logits start.
fn logitAt(item: u32, p: u32) -> f32 {
#if RESIZE
  let row = p / params.width;
  let column = p - row * params.width;
  let at = cornersAt(
    row, column, params.logitsHeight, params.logitsWidth, params.rowStep, params.columnStep,
  );
  let upper = item + at.upper;
  let lower = item + at.lower;
  return interpolate(
    at, logits[upper + at.left], logits[upper + at.right], logits[lower + at.left], logits[lower + at.right],
  );
#else
  return logits[item + p];
#end
}

/// 1 - sigmoid(a). exp stays finite: beyond 80 the weight is 0 to float32 anyway; at Infinity it is 0, at NaN NaN.
fn reverse(a: f32) -> f32 {
  let result = select(1.0 / (1.0 + exp(min(a, 80.0))), 0.0, bitcast<u32>(a) == 0x7f800000u);
  return keepNan(result, a);
}

/// The weights of one value, or of four.
fn reversedAt(item: u32, at: u32) -> Value {
#if VECTOR == 4
  return Value(
#for k in 0..4
    reverse(logitAt(item, at * 4u + $(k)u)),
#end
  );
#else
  return reverse(logitAt(item, at));
#end
}
