// What the host tells the device of one step: one record of numbers (optimizer/records.ts packs it).

struct StepNumbers {
  learningRate: f32,
  unbias1: f32, // Adam: 1 / (1 - beta1^t)
  unbias2: f32, // Adam: 1 / sqrt(1 - beta2^t)
  gradientScale: f32, // of all gradients, e.g. 1 / number of accumulated batches
  limit: f32, // of the magnitude of a gradient's element
  maxNorm: f32, // of all gradients together; 0: any
  keep: f32, // 1: add to the gradients of the batches before
  moves: f32, // 1: change the parameters
  harmless: f32, // gradients up to this magnitude make no new value that is not finite (state-bounds.ts); -1: unknown
}

fn stepNumbers(at: u32) -> StepNumbers {
  return StepNumbers(
    numbers[at], numbers[at + 1u], numbers[at + 2u], numbers[at + 3u], numbers[at + 4u],
    numbers[at + 5u], numbers[at + 6u], numbers[at + 7u], numbers[at + 8u],
  );
}
