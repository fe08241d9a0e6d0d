/** Adam as every library is asked for it: PyTorch's defaults. */
export const LEARNING_RATE = 1e-4;
export const BETAS: readonly [number, number] = [0.9, 0.999];
export const EPSILON = 1e-8;

/** What gradients are clamped to where Inf-Net is trained with its own loss. */
export const CLAMP = 0.5;

/** Training steps whose losses are compared before anything is timed. */
export const STEPS_COMPARED = 2;
