// What the two kernels of trainer/pixel-entropy share: their weights, and what a pixel's softmax says of its class.
// Needs params.w0, params.w1, ... (WEIGHTED), params.gamma (FOCAL), and softmax-sums.part.wgsl.

/// The weight of a class.
fn weightOf(c: u32) -> f32 {
#if WEIGHTED
#for k in 0..CLASSES
  if (c == $(k)u) { return params.w$(k); }
#end
#end
  return 1.0;
}

/// exp(x_c - largest), of which `found` has the sum.
fn powerOf(found: SoftmaxSums, fromX: u32, c: u32) -> f32 {
  return select(exp(x[fromX + c * params.area] - found.largest), 1.0, c == found.winner);
}

/// 1 - softmax(x)_c as the sum of the others, which keeps its digits.
fn missOf(found: SoftmaxSums, power: f32, c: u32) -> f32 {
  let total = 1.0 + found.rest;
  return select(total - power, found.rest, c == found.winner) / total;
}

/// log(sum of exp x) - largest.
fn levelOf(found: SoftmaxSums) -> f32 {
  return select(log(1.0 + found.rest), logOnePlus(found.rest), found.rest <= 1.0);
}

#if FOCAL
/// miss^gamma, 0 where the class is certain.
fn focusOf(miss: f32) -> f32 {
  return select(pow(miss, params.gamma), 0.0, miss <= 0.0);
}
#end
