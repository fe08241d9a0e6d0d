// core/pointwise: some results of every place, y = f(a, b, ...), element by element, with broadcasting. The functions
// are put in from outside (kernel/pointwise.ts): they stand where EVALUATE does.
//
// Dimensions are merged beforehand to at most four, 0 (outermost) to 3. Each operand has an offset and a stride per
// dimension, in floats; a stride of 0 broadcasts.
//
//   operand0 ... operand INPUTS - 1         read; named as the function names them
//   operand INPUTS ... operand OPERANDS - 1 written: [size0, size1, size2, size3]
//
//   evaluate  the function: a float of each operand in, a float for each result out. It may call what
//             nan.part.wgsl has; `params.number0`, ... are its numbers
//
// Tile: one invocation makes TILE values along one dimension. ROWS = 0: along dimension 3, `span` apart, so that
// neighbouring invocations touch neighbouring values. ROWS = 1: along dimension 2, in neighbouring rows, chosen when an
// operand is broadcast over dimension 2 (one channel times many): that operand is loaded once for the tile. FIXED has a
// bit for each operand that is. steps0..3 count invocations per dimension; NESTED = 0: there is only dimension 3.
// A value is a vec4 where VECTOR = 4; SPLAT has a bit for each operand with stride 0 along dimension 3, which stays
// scalar.
// Dispatch: ceil(steps0 * steps1 * steps2 * steps3 / 64) workgroups in a line.

struct Params {
#for o in 0..OPERANDS
  operand$(o)Offset: u32,
  operand$(o)Stride0: u32, operand$(o)Stride1: u32, operand$(o)Stride2: u32, operand$(o)Stride3: u32,
#end
#for k in 0..NUMBERS
  number$(k): f32,
#end
  steps1: u32, steps2: u32, steps3: u32,
  size: u32,
  span: u32,
  count: u32,
}

#include "./value.part.wgsl"
#include "./nan.part.wgsl"

#for o in 0..OPERANDS
#let BIT = (1 + o % 2) * (1 + o / 2 % 2 * 3) * (1 + o / 4 * 15)
#if o >= INPUTS
@group(0) @binding($(o + 1)) var<storage, read_write> operand$(o): array<Value>;
#elif SPLAT / BIT % 2
@group(0) @binding($(o + 1)) var<storage, read> operand$(o): array<f32>;
#else
@group(0) @binding($(o + 1)) var<storage, read> operand$(o): array<Value>;
#end
#end

alias Results = array<f32, $(OPERANDS - INPUTS)>;

EVALUATE

#include "./each.part.wgsl"

fn each(t: u32) {
#if NESTED
  let above3 = t / params.steps3;
  let i3 = t - above3 * params.steps3;
  let above2 = above3 / params.steps2;
#if ROWS
  let i2 = (above3 - above2 * params.steps2) * $(TILE)u;
#else
  let i2 = above3 - above2 * params.steps2;
#end
  let i0 = above2 / params.steps1;
  let i1 = above2 - i0 * params.steps1;
#else
  let i3 = t;
#end
#if ROWS
  let first = i2;
  let step = 1u;
#else
  let first = i3;
  let step = params.span;
#end
  // Indices along dimension 3 count values, addresses and strides floats.
  let c3 = i3 * $(VECTOR)u;
#for o in 0..OPERANDS
#let BIT = (1 + o % 2) * (1 + o / 2 % 2 * 3) * (1 + o / 4 * 15)
  var at$(o) = params.operand$(o)Offset + c3 * params.operand$(o)Stride3;
#if NESTED
  at$(o) += i2 * params.operand$(o)Stride2 + i1 * params.operand$(o)Stride1 + i0 * params.operand$(o)Stride0;
#end
#if ROWS
  let step$(o) = params.operand$(o)Stride2;
#else
  let step$(o) = params.span * $(VECTOR)u * params.operand$(o)Stride3;
#end
#if o < INPUTS && FIXED / BIT % 2 && SPLAT / BIT % 2
  let in$(o) = operand$(o)[at$(o)];
#elif o < INPUTS && FIXED / BIT % 2
  let in$(o) = operand$(o)[at$(o) / $(VECTOR)u];
#end
#end
  for (var k = 0u; k < $(TILE)u && first + k * step < params.size; k++) {
#for o in 0..INPUTS
#let BIT = (1 + o % 2) * (1 + o / 2 % 2 * 3) * (1 + o / 4 * 15)
#if FIXED / BIT % 2 == 0 && SPLAT / BIT % 2
    let in$(o) = operand$(o)[at$(o) + k * step$(o)];
#elif FIXED / BIT % 2 == 0
    let in$(o) = operand$(o)[(at$(o) + k * step$(o)) / $(VECTOR)u];
#end
#end
#for c in 0..VECTOR
    let result$(c) = evaluate(
#for o in 0..INPUTS
#let BIT = (1 + o % 2) * (1 + o / 2 % 2 * 3) * (1 + o / 4 * 15)
#if SPLAT / BIT % 2 || VECTOR == 1
      in$(o),
#else
      in$(o)[$(c)],
#end
#end
    );
#end
#for o in INPUTS..OPERANDS
    operand$(o)[(at$(o) + k * step$(o)) / $(VECTOR)u] = Value(
#for c in 0..VECTOR
      result$(c)[$(o - INPUTS)],
#end
    );
#end
  }
}
