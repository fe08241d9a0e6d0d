// The activation that a kernel applies to its result, and its gradient: RELU 1 relu, LEAKY 1 leakyRelu with
// `params.slope`, which is at least 0, else none. Needs relu-vector.part.wgsl and value.part.wgsl.
#default LEAKY 0

#if RELU
fn activate(v: Value) -> Value {
#if VECTOR == 4
  return relu4(v);
#else
  return relu(v);
#end
}

/// The gradient g of a result `v`, where it passes.
fn passed(v: Value, g: Value) -> Value {
#if VECTOR == 4
  return reluSlope4(v, g);
#else
  return reluSlope(v, g);
#end
}
#elif LEAKY
fn activate(v: Value) -> Value {
  return select(params.slope * v, v, v > Value(0.0));
}

fn passed(v: Value, g: Value) -> Value {
  return select(params.slope * g, g, v > Value(0.0));
}
#else
fn activate(v: Value) -> Value {
  return v;
}
#end
