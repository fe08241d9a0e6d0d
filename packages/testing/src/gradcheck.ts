/**
 * Gradients against finite differences, without a formula to get wrong twice.
 *
 * The scalar is `F(x) = sum_k <upstream_k, output_k(x)>`, summed in float64 on the host, so that only the outputs carry
 * float32 rounding. For random directions v the slope `(F(x + h v) - F(x - h v)) / 2h` must equal `<gradient, v>`. A
 * wrong element anywhere shifts that number, so a few directions test all elements. The error is measured against the
 * slope one expects of such a gradient, `|gradient|_2 / sqrt(3)` (v is uniform in [-1, 1)): rounding contributes about
 * `1e-7 |F| / h` to the slope, curvature `h^2`. Keep inputs away from kinks (relu at 0, ties in max pooling).
 */
import { fill } from './recipe.js';

export type Arrays = Readonly<Record<string, Float32Array>>;

export interface GradcheckOptions {
  /** The point, by input name. */
  readonly inputs: Arrays;
  /** Computes the outputs at another point. Called twice per direction and input. */
  readonly forward: (inputs: Arrays) => Promise<readonly ArrayLike<number>[]> | readonly ArrayLike<number>[];
  /** Weight of every output element in the scalar; one array per output. */
  readonly upstream: readonly ArrayLike<number>[];
  /** The gradients to check, by input name. Inputs that are not named are not moved. */
  readonly gradients: Readonly<Record<string, ArrayLike<number>>>;
  /** Step h. Default 1e-2. */
  readonly step?: number;
  /** Random directions per input. Default 3. */
  readonly directions?: number;
  /** Allowed error relative to `|gradient|_2 / sqrt(3)`. Default 2e-3. */
  readonly tolerance?: number;
}

/** One comparison: numeric slope, slope by the gradient, and the relative error. */
export interface GradcheckRow {
  readonly input: string;
  readonly direction: number;
  readonly numeric: number;
  readonly analytic: number;
  readonly error: number;
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new Error(`gradcheck: lengths ${a.length} and ${b.length} differ`);
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/** The exact points x + h v and x - h v in float32, and the difference they really have. */
function points(
  x: Float32Array,
  v: Float32Array,
  h: number,
): { plus: Float32Array; minus: Float32Array; moved: Float64Array } {
  const plus = x.map((value, i) => value + h * (v[i] as number));
  const minus = x.map((value, i) => value - h * (v[i] as number));
  const moved = Float64Array.from(plus, (value, i) => value - (minus[i] as number));
  return { plus, minus, moved };
}

/** Compares gradients with central differences. Returns every comparison; throws when one is outside the tolerance. */
export async function gradcheck(options: GradcheckOptions): Promise<GradcheckRow[]> {
  const { inputs, forward, upstream, gradients, step = 1e-2, directions = 3, tolerance = 2e-3 } = options;
  const scalar = async (at: Arrays): Promise<number> => {
    const outputs = await forward(at);
    if (outputs.length !== upstream.length) {
      throw new Error(`gradcheck: ${outputs.length} outputs, ${upstream.length} upstream arrays`);
    }
    return outputs.reduce((sum, output, k) => sum + dot(output, upstream[k] as ArrayLike<number>), 0);
  };
  const rows: GradcheckRow[] = [];
  for (const [input, gradient] of Object.entries(gradients)) {
    const x = inputs[input];
    if (x === undefined) throw new Error(`gradcheck: there is no input '${input}'`);
    const expectedSlope = Math.sqrt(dot(gradient, gradient) / 3);
    for (let direction = 0; direction < directions; direction++) {
      const { plus, minus, moved } = points(x, fill(`gradcheck/${input}/${direction}`, x.length), step);
      const above = await scalar({ ...inputs, [input]: plus });
      const below = await scalar({ ...inputs, [input]: minus });
      const numeric = (above - below) / (2 * step);
      const analytic = dot(gradient, moved) / (2 * step);
      const error = Math.abs(numeric - analytic) / (expectedSlope || 1);
      rows.push({ input, direction, numeric, analytic, error });
    }
  }
  const wrong = rows.filter(({ error }) => !(error <= tolerance));
  if (wrong.length > 0) {
    const lines = wrong.map(
      ({ input, direction, numeric, analytic, error }) =>
        `  d_${input}, direction ${direction}: finite difference ${numeric.toPrecision(6)}, gradient gives ` +
        `${analytic.toPrecision(6)}, relative error ${error.toExponential(2)} (allowed ${tolerance})`,
    );
    throw new Error(`gradients disagree with finite differences (step ${step}):\n${lines.join('\n')}`);
  }
  return rows;
}
