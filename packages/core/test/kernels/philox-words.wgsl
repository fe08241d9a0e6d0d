// test/philox-words: y[t] = the four words of Philox of counter and key x[t].
//
//   x  [count, 6] u32  read
//   y  [count, 4] u32  written
//
// Dispatch: ceil(count / 64) workgroups.

struct Params { count: u32 }

@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

#include "@infnet/core/kernels/philox.part.wgsl"
#include "@infnet/core/kernels/each.part.wgsl"

fn each(t: u32) {
  let at = 6u * t;
  let counter = vec4<u32>(x[at], x[at + 1u], x[at + 2u], x[at + 3u]);
  let words = philox(counter, vec2<u32>(x[at + 4u], x[at + 5u]));
  for (var i = 0u; i < 4u; i++) { y[4u * t + i] = words[i]; }
}
