/**
 * The teacher of a mean-teacher training: a second set of weights beside the trained ones, their moving average over
 * the steps. It costs the parameters' memory once more, and per step one pass over them and one forward pass in
 * inference mode.
 */
import { type Module, ParameterStore, type Plan, type StateDict, type Tensor } from '@infnet/core';
import type { CompanionSetting, TrainerCompanion } from '../trainer/companion.js';
import { movingAveragePlan } from './moving-average.js';
import { type PredictionOptions, type PredictionPlan, preparePrediction, probabilities } from './prediction-plan.js';

export interface TeacherOptions extends Pick<PredictionOptions, 'image' | 'batchSize'> {
  readonly net: Module<never, unknown>;
  readonly logits: (inputs: { readonly image: Tensor }) => Tensor;
  /** How much of the average stays in a step. */
  readonly decay: number;
}

export class Teacher implements TrainerCompanion {
  readonly #options: TeacherOptions;
  readonly #rate: Float32Array;
  #parameters: ParameterStore | undefined;
  #average: Plan | undefined;
  #prediction: PredictionPlan | undefined;

  constructor(options: TeacherOptions) {
    this.#options = options;
    this.#rate = Float32Array.of(1 - options.decay);
  }

  /** The teacher begins as a copy of the student. */
  async open({ context, net, parameters, state }: CompanionSetting): Promise<void> {
    this.#parameters = new ParameterStore(context, net);
    this.#parameters.load(state ?? (await parameters.read()));
    this.#average = await movingAveragePlan(context, this.#parameters, parameters);
    this.#prediction = await preparePrediction(context, { ...this.#options, parameters: this.#parameters });
  }

  async step(): Promise<void> {
    await this.#average?.run({ rate: this.#rate });
  }

  async state(): Promise<StateDict> {
    return (this.#parameters as ParameterStore).read();
  }

  /** Probabilities [count * height * width] of `count` images, at most `batchSize`. */
  async predict(images: Float32Array, count: number): Promise<Float32Array> {
    return probabilities(await (this.#prediction as PredictionPlan).run(images, count));
  }

  close(): void {
    this.#prediction?.dispose();
    this.#average?.dispose();
    this.#parameters?.dispose();
    this.#prediction = undefined;
    this.#average = undefined;
    this.#parameters = undefined;
  }
}
