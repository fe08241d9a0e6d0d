// What the device decides about one step, and says of it.

struct StepControl {
  moves: f32, // 1: change the parameters and moments
  scale: f32, // of all gradients
  norm: f32, // of all gradients together
  largestGradient: f32, // magnitude; Infinity also for what is no number
  finite: f32, // 1: loss, gradients, new values and running statistics are
  looks: f32, // 1: new values must be looked at before they are stored
  largestParameter: f32, // magnitudes of the new values where they were looked at, else 0
  largestMoment1: f32,
  largestMoment2: f32,
}
