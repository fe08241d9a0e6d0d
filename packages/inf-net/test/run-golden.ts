/**
 * Runs a net of the goldens, with the recipe's parameters, and compares every output with the float32 and float64 runs.
 */
import {
  type Context,
  elementCount,
  type Module,
  type Parameter,
  ParameterStore,
  type Plan,
  type PlanOptions,
  preparePlan,
  type StateDict,
  type Tensor,
  type TraceResult,
  trace,
} from '@infnet/core';
import { type Difference, expectClose, type Golden, image, type Tolerance } from '@infnet/testing';
import { type NetSidecar, recipeState } from './support.js';

/** Tolerances of the goldens' README, section 4. */
const TOLERANCE: Tolerance = { relL2: 2e-5, maxAbsOfMax: 1e-4 };

/** What is promised at the default precision. */
export const FAST: Tolerance = { relL2: 1e-4 };

export interface GoldenRun {
  /** Distance of every output from the reference's float64 run, by the reference's name. */
  readonly differences: Readonly<Record<string, Difference>>;
  readonly outputs: Readonly<Record<string, ArrayLike<number>>>;
  readonly plan: Pick<Plan, 'memory' | 'schedule' | 'precision'>;
}

/** A net with the recipe's parameters on the GPU, for any number of goldens. */
export class GoldenNet implements Disposable {
  readonly #make: () => Module<readonly [Tensor], TraceResult>;
  readonly #outputs: Readonly<Record<string, string>>;
  #loaded: { readonly net: Module<readonly [Tensor], TraceResult>; readonly parameters: ParameterStore } | undefined;

  readonly #change: (state: StateDict) => StateDict;

  /**
   * @param outputs the reference's name of every output, with ours.
   * @param change what is loaded in place of the recipe's parameters.
   */
  constructor(
    make: () => Module<readonly [Tensor], TraceResult>,
    outputs: Readonly<Record<string, string>>,
    change: (state: StateDict) => StateDict = (state) => state,
  ) {
    this.#make = make;
    this.#outputs = outputs;
    this.#change = change;
  }

  /** Runs the net and compares every output. */
  async run(
    context: Context,
    golden: Golden<NetSidecar>,
    options: PlanOptions = {},
    tolerance: Tolerance = TOLERANCE,
  ): Promise<GoldenRun> {
    const { input } = golden.json;
    const { net, parameters } = this.#load(context, golden.json.gain);
    const graph = trace(({ x }: { readonly x: Tensor }) => net.call(x), { x: input.shape });
    using plan = await preparePlan(context, graph, { ...options, parameters });
    const outputs = await plan.run({ x: image(input.name, input.shape) });
    const differences: Record<string, Difference> = {};
    for (const [theirs, ours] of Object.entries(this.#outputs)) {
      const actual = outputs[ours] ?? [];
      expectClose(actual, golden.f32(theirs), tolerance, theirs);
      differences[theirs] = expectClose(actual, golden.f32(`ref64/${theirs}`), tolerance, `${theirs} in float64`);
    }
    return { differences, outputs, plan };
  }

  /** Bytes of the parameters that are asked for, once it has run. */
  bytesOf(which: (parameter: Parameter) => boolean): number {
    const chosen = this.#loaded?.parameters.parameters.filter(which) ?? [];
    return chosen.reduce((sum, { shape }) => sum + 4 * elementCount(shape), 0);
  }

  [Symbol.dispose](): void {
    this.#loaded?.parameters.dispose();
  }

  #load(
    context: Context,
    gain: number,
  ): { readonly net: Module<readonly [Tensor], TraceResult>; readonly parameters: ParameterStore } {
    if (this.#loaded === undefined) {
      const net = this.#make();
      const parameters = new ParameterStore(context, net);
      parameters.load(this.#change(recipeState(net, gain)));
      this.#loaded = { net, parameters };
    }
    return this.#loaded;
  }
}
