// trainer/adam: one step of Adam (or AdamW) for many parameters at once.
//
//   g = clamp(scale * gradient, -limit, limit)        + decay * p          DECOUPLED 0 (Adam: L2)
//   p = p * (1 - rate * decay)                                             DECOUPLED 1 (AdamW)
//   m = beta1 m + (1 - beta1) g
//   v = beta2 v + (1 - beta2) g g
//   p = p - rate / (1 - beta1^t) * m / (sqrt(v) / sqrt(1 - beta2^t) + eps)
//
// Bindings, tile and dispatch: see step.part.wgsl.
#let MOMENTS = 2

struct Params {
#include "./step-params.part.wgsl"
  beta1: f32, rest1: f32,
  beta2: f32, rest2: f32,
  eps: f32,
}

#include "./step.part.wgsl"

struct Rates {
  rate: f32,
  step: f32, // the rate, corrected for a first moment that started at 0
  unbias2: f32,
  decay: f32,
}

fn ratesOf(now: StepNumbers, segment: Segment) -> Rates {
  let rate = now.learningRate * segment.learningRate;
  return Rates(rate, rate * now.unbias1, now.unbias2, segment.weightDecay);
}

fn stepped(old: State, limited: f32, rates: Rates) -> State {
#if DECOUPLED
  let gradient = limited;
  let value = old.p * (1.0 - rates.rate * rates.decay);
#else
  let gradient = limited + rates.decay * old.p;
  let value = old.p;
#end
  let first = params.beta1 * old.m + params.rest1 * gradient;
  let second = params.beta2 * old.v + params.rest2 * gradient * gradient;
  return State(value - rates.step * first / (sqrt(second) * rates.unbias2 + params.eps), first, second);
}
