// Count, mean and sum of squared deviations of values, eight at a time (Chan, Golub, LeVeque 1979): see
// statistics.wgsl.
struct Moments {
  count: f32,
  pivot: f32,
  mean: f32, // of the values less the pivot
  m2: f32,
}

/// `found` and the first `block` of eight values more.
fn withBlock(
  found: Moments,
  block: f32,
  v0: f32,
  v1: f32,
  v2: f32,
  v3: f32,
  v4: f32,
  v5: f32,
  v6: f32,
  v7: f32,
) -> Moments {
  var pivot = found.pivot;
  if (found.count == 0.0) {
    let each = 1.0 / block;
    pivot = ((v0 * each + v1 * each) + (v2 * each + v3 * each)) + ((v4 * each + v5 * each) + (v6 * each + v7 * each));
  }
#for k in 0..8
  let d$(k) = select(0.0, v$(k) - pivot, block > $(k).0);
#end
  let center = (((d0 + d1) + (d2 + d3)) + ((d4 + d5) + (d6 + d7))) / block;
#for k in 0..8
  let e$(k) = select(0.0, d$(k) - center, block > $(k).0);
#end
  let squares = ((e0 * e0 + e1 * e1) + (e2 * e2 + e3 * e3)) + ((e4 * e4 + e5 * e5) + (e6 * e6 + e7 * e7));
  let delta = center - found.mean;
  let share = block / (found.count + block);
  return Moments(
    found.count + block,
    pivot,
    found.mean + delta * share,
    found.m2 + (squares + delta * delta * found.count * share),
  );
}

/// Two lists of values as one. Either may be empty; the pivot is that of the first that is not.
fn joined(found: Moments, part: Moments) -> Moments {
  if (part.count == 0.0) { return found; }
  if (found.count == 0.0) { return part; }
  let delta = (part.pivot - found.pivot) + (part.mean - found.mean);
  let share = part.count / (found.count + part.count);
  return Moments(
    found.count + part.count,
    found.pivot,
    found.mean + delta * share,
    found.m2 + (part.m2 + delta * delta * found.count * share),
  );
}

/// The mean as two floats: around 1000 one float is off by up to 3e-5, and so would be every value of a channel whose
/// deviation is 1. The first one is the float below or at the rounded sum, made by cutting off a bit: a compiler that
/// rearranges float arithmetic cannot see through that, and so cannot find that the second one "is 0".
fn meanOf(found: Moments) -> vec2f {
  let high = bitcast<f32>(bitcast<u32>(found.pivot + found.mean) & 0xfffffffeu);
  return vec2f(high, (found.pivot - high) + found.mean);
}
