// trainer/sgd: one step of stochastic gradient descent for many parameters at once.
//
//   g = clamp(scale * gradient, -limit, limit) + decay * p
//   m = momentum m + g                                                     MOMENTUM 1; m starts at 0
//   p = p - rate * m            (rate * g without momentum)
//
// Bindings (m with MOMENTUM 1 only, no v), tile and dispatch: see step.part.wgsl.
#let MOMENTS = MOMENTUM

struct Params {
#include "./step-params.part.wgsl"
  momentum: f32,
}

#include "./step.part.wgsl"

struct Rates {
  rate: f32,
  decay: f32,
}

fn ratesOf(now: StepNumbers, segment: Segment) -> Rates {
  return Rates(now.learningRate * segment.learningRate, segment.weightDecay);
}

fn stepped(old: State, limited: f32, rates: Rates) -> State {
  let gradient = limited + rates.decay * old.p;
#if MOMENTUM
  let moved = params.momentum * old.m + gradient;
#else
  let moved = gradient;
#end
  return State(old.p - rates.rate * moved, moved, 0.0);
}
