/** A training step on a device: the plan of a traced step, and what a run of it says. */
import {
  type Context,
  checkNames,
  InfnetError,
  type Plan,
  type PlanMemory,
  type PlanOptions,
  type Profile,
  preparePlan,
  RANDOM_KEY,
  type RunInputs,
  type RunOptions,
  randomKey,
  type TensorData,
} from '@infnet/core';
import { LARGEST } from '../numbers.js';
import { checkClip, type GradientClip, noClip } from '../optimizer/clip.js';
import { rootOfSquares } from '../optimizer/operators.js';
import type { Optimizer } from '../optimizer/optimizer.js';
import { CONTROL_SIZE, packNumbers, readControl, type StepControl } from '../optimizer/records.js';
import type { StepBatch } from '../optimizer/step-turns.js';
import { gradientLine, NUMBERS, REPORT, STATISTICS } from './finish-step.js';
import { OWN } from './step-loss.js';
import { STEP_OPTIONS, type TracedStep, type TraceStepOptions, traceStep } from './trace-step.js';

export interface TrainingStepOptions<N extends string = string>
  extends TraceStepOptions<N>,
    Pick<PlanOptions, 'precision' | 'memoryBudget' | 'maxSubmitSeconds' | 'onProgress' | 'bind' | 'arena'> {
  /** Default: none. */
  readonly clip?: GradientClip;
  /** What random numbers (dropout) follow from, with the optimiser's steps and the batch: 0 to 2^32 - 1. Default 0. */
  readonly seed?: number;
}

export interface TrainingStepRun extends Pick<RunOptions, 'onProgress'> {
  /** A finite number of at least 0. */
  readonly learningRate: number;
  /**
   * Only with `accumulate`: this is batch `index` of `of` whose gradients are averaged; the last one moves the
   * parameters.
   */
  readonly batch?: StepBatch;
  /** Names of the loss function's `outputs` to read back. Default: none. */
  readonly read?: readonly string[];
}

/** What one run says. */
export interface StepReport {
  readonly loss: number;
  /** The loss's parts by name. */
  readonly parts: Readonly<Record<string, number>>;
  /**
   * Norm of all gradients together, before the clip. All figures of gradients are of what the optimiser gets: with
   * `batch`, of the sum over the batches so far divided by `of`, which the last one makes the mean.
   */
  readonly gradientNorm: number;
  /** Largest magnitude of any gradient element; Infinity when one is infinite or NaN. */
  readonly largestGradient: number;
  /**
   * False when the loss, a gradient or a new value (parameter, optimiser state, running statistic) is not a finite
   * number, or a batch before it in the same step was not: the step then changes nothing.
   */
  readonly finite: boolean;
  /** Norm and largest magnitude of each parameter's gradient, largest first. */
  gradients(): readonly GradientFigures[];
  readonly outputs: Readonly<Record<string, TensorData>>;
}

export interface GradientFigures {
  readonly name: string;
  readonly norm: number;
  /** Infinity for an infinite one, NaN where one is no number. */
  readonly largest: number;
}

/**
 * Traces and prepares a training step. Several steps (scales, batch sizes) may share one optimiser and its parameters;
 * they must run one after the other.
 *
 * @throws InfnetError `SHAPE_...`, `GRADIENT_...`, `MEMORY_...`, `TRAINING_NO_GRADIENT`, `TRAINING_LOSS`,
 *   `TRAINING_NAME`, `OPTIMIZER_OPTION` for a clip out of range.
 */
export async function trainingStep<N extends string>(
  context: Context,
  options: TrainingStepOptions<N>,
): Promise<TrainingStep<N>> {
  const {
    precision,
    memoryBudget,
    maxSubmitSeconds,
    onProgress,
    bind,
    arena,
    clip = noClip,
    seed = 0,
    ...step
  } = options;
  const given = { precision, memoryBudget, maxSubmitSeconds, onProgress, bind, arena };
  checkNames('trainingStep', step, STEP_OPTIONS);
  checkClip(clip);
  randomKey({ seed });
  const traced = traceStep<N>(step);
  const plan = await preparePlan(context, traced.graph, {
    ...(Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as PlanOptions),
    parameters: [options.optimizer.parameters, ...traced.stores],
  });
  return new TrainingStep(plan, traced, options.optimizer, { clip, seed, accumulates: options.accumulate ?? false });
}

/** What a step has beside its plan. */
interface StepSettings {
  readonly clip: GradientClip;
  readonly seed: number;
  readonly accumulates: boolean;
}

/** A batch that is a step by itself. */
const WHOLE = { index: 0, of: 1 };

export class TrainingStep<N extends string = string> {
  readonly plan: Plan;
  readonly #traced: TracedStep;
  readonly #optimizer: Optimizer;
  readonly #settings: StepSettings;

  /** Use `trainingStep`. */
  constructor(plan: Plan, traced: TracedStep, optimizer: Optimizer, settings: StepSettings) {
    this.plan = plan;
    this.#traced = traced;
    this.#optimizer = optimizer;
    this.#settings = settings;
  }

  /** Memory figures, in bytes; `parameters` holds the net's and the optimiser's. */
  get memory(): PlanMemory {
    return this.plan.memory;
  }

  /** Parameters whose gradients the step computes. */
  get parameters(): readonly string[] {
    return this.#traced.order.map(({ name }) => name);
  }

  /**
   * One step: the parameters, the optimiser's state and running statistics move, unless loss or gradients are not
   * finite. It cannot be stopped half-way, because parameters must move together. Inputs are copied when it is called;
   * calls need not be awaited in between: each step follows the one before, and a plan on the same parameters that is
   * called after it computes with its result.
   *
   * @throws InfnetError `PLAN_INPUT`, `CONTEXT_LOST`, `TRAINING_BATCH`, `TRAINING_LEARNING_RATE`. What is refused
   *   changes nothing; batches of a step that ended with an error count as if they had not been, and it begins again
   *   with batch 0.
   */
  async run(inputs: Readonly<Record<N, TensorData>> | RunInputs, options: TrainingStepRun): Promise<StepReport> {
    const { learningRate, batch: given = WHOLE, read: asked = [], onProgress } = options ?? {};
    const [batch, read] = [{ ...given }, [...asked]];
    checkNames('TrainingStep.run', options ?? {}, ['learningRate', 'batch', 'read', 'onProgress']);
    checkNames('TrainingStep.run', given, ['index', 'of'], 'field of batch');
    this.#checkRun(inputs, options, batch);
    const { turns } = this.#optimizer;
    let isVoid: boolean | undefined;
    const run = this.plan.run(inputs, {
      read: [REPORT, STATISTICS, ...read],
      ...(onProgress ? { onProgress } : {}),
      later: {
        // Whether the step before counts is known when it has reported, and the optimiser's numbers depend on it.
        until: turns.last,
        inputs: () => {
          isVoid = turns.begin(batch);
          return this.#ownInputs({ learningRate, batch }, isVoid);
        },
      },
    });
    const end = async (): Promise<StepReport> => {
      try {
        const { control, ...report } = this.#report(await run, read, batch, isVoid === true);
        this.#optimizer.bounds?.end(control);
        turns.end(batch, report.finite);
        if (batch.index === batch.of - 1 && report.finite) this.#optimizer.steps++;
        return report;
      } catch (error) {
        if (isVoid !== undefined) turns.fail();
        throw error;
      }
    };
    return turns.add(end());
  }

  /**
   * GPU time of every dispatch of a step. For measuring only: the parameters move, but the optimiser does not count the
   * step.
   *
   * @throws InfnetError `PROFILE_UNSUPPORTED` without the device feature `timestamp-query`, and as `run`.
   */
  async profile(
    inputs: Readonly<Record<N, TensorData>> | RunInputs,
    options: Pick<TrainingStepRun, 'learningRate'>,
  ): Promise<Profile> {
    this.#checkRun(inputs, options, WHOLE);
    const { turns } = this.#optimizer;
    const { learningRate } = options;
    const later = {
      until: turns.last,
      inputs: () => this.#ownInputs({ learningRate }, turns.begin(WHOLE)),
    };
    return turns.add(this.plan.profile(inputs, { later }));
  }

  /**
   * Gradients by name from the `outputs` of a run that read them (`keepGradients`, `gradientOutputs`), as they were
   * before the clip, those of several batches divided by their number.
   */
  gradientsOf(results: Readonly<Record<string, TensorData>>): Map<string, Float32Array> {
    const { places } = this.#traced.layout;
    return new Map(
      [...places].map(([{ name, shape }, { line, start }]) => {
        const data = results[gradientLine(line)] as Float32Array;
        return [name, data.slice(start, start + shape.reduce((a, b) => a * b, 1))];
      }),
    );
  }

  /** Names under which a run reads all gradients (`keepGradients`). */
  get gradientOutputs(): readonly string[] {
    return this.#traced.layout.lengths.map((_, line) => gradientLine(line));
  }

  dispose(): void {
    this.plan.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Inputs that are not the user's. */
  #ownInputs({ learningRate, batch = WHOLE }: TrainingStepRun, isVoid: boolean): RunInputs {
    const { bounds, largest } = this.#optimizer;
    const numbers = {
      ...this.#optimizer.numbers(),
      ...this.#settings.clip,
      learningRate,
      gradientScale: 1 / batch.of,
      keep: batch.index > 0,
      moves: batch.index === batch.of - 1 && !isVoid,
    };
    const move = { ...numbers, rate: learningRate * largest.rateFactor, decay: largest.decay };
    const harmless = bounds?.begin(this.#traced.order, move) ?? -1;
    const { steps } = this.#optimizer;
    const key = { seed: this.#settings.seed, step: steps % 2 ** 32, batch: batch.index };
    return {
      ...this.#traced.tables,
      [NUMBERS]: packNumbers({ ...numbers, harmless }),
      ...(this.#traced.graph.inputs.has(RANDOM_KEY) && { [RANDOM_KEY]: randomKey(key) }),
    };
  }

  #report(
    results: Readonly<Record<string, TensorData>>,
    read: readonly string[],
    { of }: StepBatch,
    isVoid: boolean,
  ): StepReport & { readonly control: StepControl } {
    const values = results[REPORT] as Float32Array;
    const named = this.#traced.reported.map((name, i) => [name, values[i] as number] as const);
    const [[, loss], ...parts] = named as [readonly [string, number], ...(readonly [string, number])[]];
    const control = readControl(values.subarray(values.length - CONTROL_SIZE));
    const figures = results[STATISTICS] as Float32Array;
    const lines = new Set(this.gradientOutputs);
    const outputOf = (name: string): TensorData => {
      const data = results[name] as TensorData;
      return of > 1 && lines.has(name) ? data.map((value) => value / of) : data;
    };
    return {
      control,
      loss,
      parts: Object.fromEntries(parts),
      gradientNorm: control.norm,
      largestGradient: control.largestGradient / of,
      finite: control.finite === 1 && !isVoid,
      gradients: () => this.#figures(figures, of),
      outputs: Object.fromEntries(read.map((name) => [name, outputOf(name)])),
    };
  }

  #figures(figures: Float32Array, of: number): readonly GradientFigures[] {
    const rank = ({ largest }: GradientFigures): number => (Number.isNaN(largest) ? Infinity : largest);
    return this.#traced.order
      .map(({ name }, i) => ({
        name,
        norm: rootOfSquares(figures[2 * i] as number) / of,
        largest: (figures[2 * i + 1] as number) / of,
      }))
      .sort((a, b) => rank(b) - rank(a));
  }

  #checkRun(inputs: RunInputs, { learningRate }: Partial<TrainingStepRun> = {}, batch: StepBatch): void {
    this.#checkBatch(batch);
    checkLearningRate(learningRate, 'TrainingStep.run');
    const own = Object.keys(inputs).filter((name) => name.startsWith(OWN));
    if (own.length === 0) return;
    throw new InfnetError({
      code: 'PLAN_INPUT',
      message: `unknown inputs: ${own.join(', ')}`,
      fix: `Names that begin with "${OWN}" are the step's own.`,
    });
  }

  #checkBatch({ index, of }: { readonly index: number; readonly of: number }): void {
    const valid = Number.isInteger(index) && Number.isInteger(of) && index >= 0 && index < of;
    if (valid && (of === 1 || this.#settings.accumulates)) return;
    throw new InfnetError({
      code: 'TRAINING_BATCH',
      message: `batch ${index} of ${of}`,
      fix: valid ? 'Prepare the step with { accumulate: true }.' : 'index counts from 0 to of - 1.',
    });
  }
}

/** @throws InfnetError `TRAINING_LEARNING_RATE` unless it is finite, as a float32 too, and at least 0. */
export function checkLearningRate(rate: number | undefined, where: string): void {
  if (typeof rate === 'number' && rate >= 0 && rate <= LARGEST) return;
  throw new InfnetError({
    code: 'TRAINING_LEARNING_RATE',
    message: rate === undefined ? 'there is no learning rate' : `the learning rate is ${rate}`,
    where,
    fix: 'Give a finite number of at least 0, e.g. { learningRate: 1e-3 }. A schedule must give one for every step.',
  });
}
