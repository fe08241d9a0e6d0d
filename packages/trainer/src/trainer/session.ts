/** What a training has on a device: parameters, optimiser, and a plan for every batch size and scale. */
import {
  BufferArena,
  type Context,
  elementCount,
  type InputSpec,
  type Module,
  ParameterStore,
  type PlanOptions,
  type PlanProgress,
  type StateDict,
  schedule,
  type Tensor,
} from '@infnet/core';
import type { GradientClip } from '../optimizer/clip.js';
import type { Optimizer, OptimizerState } from '../optimizer/optimizer.js';
import { scaledSize } from '../step/multi-scale.js';
import type { BlockOf } from '../step/recompute.js';
import type { StepLoss } from '../step/step-loss.js';
import { type TraceStepOptions, traceStep } from '../step/trace-step.js';
import { type TrainingStep, type TrainingStepOptions, trainingStep } from '../step/training-step.js';
import { fits, withFitting } from '../what-fits.js';
import { fittingSteps, shapeOf } from './fitting.js';

export interface SessionOptions extends Pick<PlanOptions, 'precision' | 'memoryBudget' | 'maxSubmitSeconds'> {
  readonly net: Module<never, unknown>;
  readonly loss: (inputs: Readonly<Record<string, Tensor>>) => Tensor | StepLoss;
  readonly optimizer: (parameters: ParameterStore) => Optimizer;
  /** Shapes without the batch dimension. */
  readonly inputs: Readonly<Record<string, InputSpec>>;
  /** Batch sizes, largest first. */
  readonly batchSizes: readonly number[];
  /** Rates of the image size. */
  readonly scales: readonly number[];
  readonly sizeMultiple: number;
  readonly clip: GradientClip;
  readonly frozenBatchNorm: boolean | ((path: string) => boolean);
  readonly accumulate: boolean;
  readonly resize: TraceStepOptions['resize'];
  readonly recompute: boolean | BlockOf;
  /** Of random numbers (dropout). */
  readonly seed: number;
}

/** Bytes on the device. */
export interface TrainingMemory {
  /** Weights and running statistics. */
  readonly parameters: number;
  /** The optimiser's state, and sums of gradients. */
  readonly optimizer: number;
  /** What one step needs beside them: maps, gradients, results. */
  readonly step: number;
  readonly total: number;
}

/** Progress of preparing plans. */
export interface PrepareProgress extends PlanProgress {
  /** Plans ready, of all. */
  readonly plan: number;
  readonly plans: number;
}

export class Session implements Disposable {
  readonly context: Context;
  readonly parameters: ParameterStore;
  readonly optimizer: Optimizer;
  readonly #options: SessionOptions;
  readonly #arena: BufferArena;
  readonly #steps = new Map<string, TrainingStep>();

  constructor(context: Context, options: SessionOptions) {
    this.context = context;
    this.#options = options;
    this.parameters = new ParameterStore(context, options.net);
    this.optimizer = options.optimizer(this.parameters);
    this.#arena = new BufferArena(context);
  }

  load(parameters: StateDict, optimizer: OptimizerState | undefined): void {
    this.parameters.load(parameters);
    if (optimizer !== undefined) this.optimizer.load(optimizer);
  }

  /** What training will take, computed without allocating any of it but the parameters and the optimiser's state. */
  predictMemory(): TrainingMemory {
    const [largest] = this.#variants();
    const { graph } = traceStep(this.#traceOptions(largest as Variant));
    const { memory } = schedule(graph, { device: this.context.profile });
    const step = memory.activations + this.#variants().length * (memory.uniforms + memory.readback);
    const [parameters, optimizer] = [this.parameters.bytes, this.optimizer.bytes];
    return { parameters, optimizer, step, total: parameters + optimizer + step };
  }

  /** Prepares all plans. The largest is first, so that the others fit into its memory. */
  async prepare(onProgress: (progress: PrepareProgress) => void = () => {}): Promise<void> {
    const variants = this.#variants();
    for (const [plan, variant] of variants.entries()) {
      const report = (progress: PlanProgress): void => onProgress({ ...progress, plan, plans: variants.length });
      try {
        const step = await trainingStep(this.context, { ...this.#stepOptions(variant), onProgress: report });
        this.#steps.set(keyOf(variant), step);
      } catch (error) {
        throw withFitting(error, () => this.#fitting(variant));
      }
    }
  }

  /** The step for a batch size and a scale. */
  step(batchSize: number, scale: number): TrainingStep {
    return this.#steps.get(keyOf({ batchSize, scale })) as TrainingStep;
  }

  dispose(): void {
    for (const step of this.#steps.values()) step.dispose();
    this.#steps.clear();
    this.#arena.dispose();
    this.optimizer.dispose();
    this.parameters.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #variants(): Variant[] {
    const { batchSizes, scales } = this.#options;
    const all = [...new Set(scales)].flatMap((scale) => batchSizes.map((batchSize) => ({ batchSize, scale })));
    return all.sort((a, b) => b.batchSize * b.scale ** 2 - a.batchSize * a.scale ** 2);
  }

  #stepOptions(variant: Variant): TrainingStepOptions {
    const { clip, seed, precision, memoryBudget, maxSubmitSeconds } = this.#options;
    const plan = Object.entries({ precision, memoryBudget, maxSubmitSeconds }).filter(
      ([, value]) => value !== undefined,
    );
    return { ...this.#traceOptions(variant), clip, seed, arena: this.#arena, ...Object.fromEntries(plan) };
  }

  /** Changes by which a variant would fit. */
  #fitting({ batchSize, scale }: Variant): readonly string[] {
    const { recompute, inputs, precision, memoryBudget, sizeMultiple } = this.#options;
    return fittingSteps({ batchSize, recompute, inputs }, sizeMultiple, ({ batchSize, ...step }) => {
      const { graph } = traceStep(this.#traceOptions({ batchSize, scale }, step));
      return fits(this.context, graph, { precision, memoryBudget, arena: this.#arena });
    });
  }

  #traceOptions(
    { batchSize, scale }: Variant,
    { recompute, inputs }: Pick<SessionOptions, 'recompute' | 'inputs'> = this.#options,
  ): TraceStepOptions {
    const { net, loss, frozenBatchNorm, accumulate, sizeMultiple, resize } = this.#options;
    const size = imageSize(inputs);
    return {
      net,
      loss,
      frozenBatchNorm,
      accumulate,
      ...(resize === undefined ? {} : { resize }),
      recompute,
      optimizer: this.optimizer,
      inputs: Object.fromEntries(Object.entries(inputs).map(([name, spec]) => [name, withBatch(spec, batchSize)])),
      ...(size === undefined || scale === 1
        ? {}
        : { size: size.map((extent) => scaledSize(extent, scale, sizeMultiple)) as [number, number] }),
    };
  }
}

interface Variant {
  readonly batchSize: number;
  readonly scale: number;
}

const keyOf = ({ batchSize, scale }: Variant): string => `${batchSize} at ${scale}`;

function withBatch(spec: InputSpec, batchSize: number): InputSpec {
  return 'shape' in spec ? { ...spec, shape: [batchSize, ...spec.shape] } : [batchSize, ...spec];
}

/** [height, width] of the first image among the inputs. */
export function imageSize(inputs: Readonly<Record<string, InputSpec>>): readonly [number, number] | undefined {
  const shapes = Object.values(inputs).map(shapeOf);
  const image = shapes.find((shape) => shape.length === 3 && elementCount(shape) > 1);
  return image === undefined ? undefined : [image[1] as number, image[2] as number];
}
