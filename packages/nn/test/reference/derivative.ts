/** Gradients of a float64 reference by central differences, element by element. */
import { type Array64, array64 } from './array.js';

/**
 * Gradient of sum(g * f(inputs)) with respect to every input. The step is small enough that a reference with kinks
 * (relu, max) is differentiated beside them as long as values keep 1e-4 away from a kink.
 */
export function numericalGradients(
  f: (...inputs: Array64[]) => Array64,
  inputs: readonly Array64[],
  g: Array64,
  step = 1e-5,
): Array64[] {
  const loss = (values: Array64[]): number => {
    const y = f(...values);
    if (y.data.length !== g.data.length)
      throw new Error(`the result has ${y.data.length} values, its gradient ${g.data.length}`);
    return y.data.reduce((sum, v, i) => sum + v * (g.data[i] as number), 0);
  };
  return inputs.map((input, k) => {
    const shifted = (i: number, by: number): number => {
      const moved = array64(input.shape, input.data);
      moved.data[i] = (moved.data[i] as number) + by;
      return loss(inputs.map((other, m) => (m === k ? moved : other)));
    };
    return array64(
      input.shape,
      input.data.map((_, i) => (shifted(i, step) - shifted(i, -step)) / (2 * step)),
    );
  });
}
