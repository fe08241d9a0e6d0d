// What the softmax of a pixel is made of; needs x, params.channels and params.area, and nan.part.wgsl.

struct SoftmaxSums {
  /// The largest logit; NaN where one is NaN or it is infinite, because Infinity - Infinity is no number.
  largest: f32,
  /// The first channel that has it.
  winner: u32,
  /// Sum over all other channels of exp(x_c - largest): the whole sum is 1 more.
  rest: f32,
}

fn softmaxSums(fromX: u32) -> SoftmaxSums {
  var largest = x[fromX];
  var winner = 0u;
  var lost = isNan(largest);
  for (var c = 1u; c < params.channels; c++) {
    let v = x[fromX + c * params.area];
    lost |= isNan(v);
    if (v > largest) {
      largest = v;
      winner = c;
    }
  }
  lost |= !isFinite(largest);
  var rest = 0.0;
  for (var c = 0u; c < params.channels; c++) {
    if (c != winner) { rest += exp(x[fromX + c * params.area] - largest); }
  }
  return SoftmaxSums(select(largest, nan(), lost), winner, rest);
}
