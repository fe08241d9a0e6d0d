// nn/binary: y = f(a, b), element by element, with broadcasting.
//
// Dimensions are merged beforehand to at most four, 0 (outermost) to 3. Each operand has an offset and a stride per
// dimension, in floats; a stride of 0 broadcasts.
//
//   a, b  read           y  written: [size0, size1, size2, size3]
//
//   FUNCTION 1 add       2 sub a - b       3 mul       4 div a / b
//            5 reluGradient     b where a > 0 or NaN, else 0        a = y or x of relu, b = gradient of y
//            6 sigmoidGradient  b a (1 - a)                         a = y of sigmoid
//            7 leakyGradient    b where a > 0, else alpha b         a = x of leakyRelu
//            8 first            alpha a                             b is not read: repeats a to a larger shape
//   RELU     1: y = max(f(a, b), 0), NaN where f is
//
// Tile: one invocation makes TILE values along one dimension. ROWS = 0: along dimension 3, `span` apart, so that
// neighbouring invocations touch neighbouring values. ROWS = 1: along dimension 2, in neighbouring rows, chosen when an
// operand is broadcast over dimension 2 (one channel times many): that operand (A_FIXED, B_FIXED) is loaded once for
// the tile. steps0..3 count invocations per dimension; NESTED = 0: there is only dimension 3. A value is a vec4 where
// VECTOR = 4; A_SPLAT / B_SPLAT: that operand has stride 0 along dimension 3 and stays scalar.
// Dispatch: ceil(steps0 * steps1 * steps2 * steps3 / 64) workgroups in a line.

struct Params {
  aOffset: u32, aStride0: u32, aStride1: u32, aStride2: u32, aStride3: u32,
  bOffset: u32, bStride0: u32, bStride1: u32, bStride2: u32, bStride3: u32,
  yOffset: u32, yStride0: u32, yStride1: u32, yStride2: u32, yStride3: u32,
  steps1: u32, steps2: u32, steps3: u32,
  size: u32,
  span: u32,
  alpha: f32,
  count: u32,
}

#include "@infnet/core/kernels/value.part.wgsl"
#if A_SPLAT
alias ValueA = f32;
#else
alias ValueA = Value;
#end
#if B_SPLAT
alias ValueB = f32;
#else
alias ValueB = Value;
#end

@group(0) @binding(1) var<storage, read> a: array<ValueA>;
@group(0) @binding(2) var<storage, read> b: array<ValueB>;
@group(0) @binding(3) var<storage, read_write> y: array<Value>;

#include "@infnet/core/kernels/relu-vector.part.wgsl"

fn f(p: Value, q: Value) -> Value {
#if FUNCTION == 1
  let v = p + q;
#elif FUNCTION == 2
  let v = p - q;
#elif FUNCTION == 3
  let v = p * q;
#elif FUNCTION == 4
  let v = p / q;
#elif FUNCTION == 5
#if VECTOR == 4
  let v = reluSlope4(p, q);
#else
  let v = reluSlope(p, q);
#end
#elif FUNCTION == 6
  let v = q * p * (Value(1.0) - p);
#elif FUNCTION == 7
  let v = select(params.alpha * q, q, p > Value(0.0));
#else
  let v = params.alpha * p;
#end
#if RELU && VECTOR == 4
  return relu4(v);
#elif RELU
  return relu(v);
#else
  return v;
#end
}

#include "@infnet/core/kernels/each.part.wgsl"

fn each(t: u32) {
#if NESTED
  let above3 = t / params.steps3;
  let i3 = t - above3 * params.steps3;
#else
  let i3 = t;
#end
  // Indices along dimension 3 count values, addresses and strides floats.
  let c3 = i3 * $(VECTOR)u;
  var atA = params.aOffset + c3 * params.aStride3;
  var atB = params.bOffset + c3 * params.bStride3;
  var atY = params.yOffset + c3 * params.yStride3;
#if NESTED
  let above2 = above3 / params.steps2;
#if ROWS
  let i2 = (above3 - above2 * params.steps2) * $(TILE)u;
#else
  let i2 = above3 - above2 * params.steps2;
#end
  let i0 = above2 / params.steps1;
  let i1 = above2 - i0 * params.steps1;
  atA += i2 * params.aStride2 + i1 * params.aStride1 + i0 * params.aStride0;
  atB += i2 * params.bStride2 + i1 * params.bStride1 + i0 * params.bStride0;
  atY += i2 * params.yStride2 + i1 * params.yStride1 + i0 * params.yStride0;
#end
#if ROWS
  let first = i2;
  let step = 1u;
  let stepA = params.aStride2;
  let stepB = params.bStride2;
  let stepY = params.yStride2;
#else
  let first = i3;
  let step = params.span;
  let stepA = params.span * $(VECTOR)u * params.aStride3;
  let stepB = params.span * $(VECTOR)u * params.bStride3;
  let stepY = params.span * $(VECTOR)u * params.yStride3;
#end
#if A_FIXED && A_SPLAT
  let p = Value(a[atA]);
#elif A_FIXED
  let p = a[atA / $(VECTOR)u];
#end
#if B_FIXED && B_SPLAT
  let q = Value(b[atB]);
#elif B_FIXED
  let q = b[atB / $(VECTOR)u];
#end
#for k in 0..TILE
  if (first + $(k)u * step < params.size) {
#if A_FIXED == 0
#if A_SPLAT
    let p = Value(a[atA + $(k)u * stepA]);
#else
    let p = a[(atA + $(k)u * stepA) / $(VECTOR)u];
#end
#end
#if B_FIXED == 0
#if B_SPLAT
    let q = Value(b[atB + $(k)u * stepB]);
#else
    let q = b[(atB + $(k)u * stepB) / $(VECTOR)u];
#end
#end
    y[(atY + $(k)u * stepY) / $(VECTOR)u] = f(p, q);
  }
#end
}
