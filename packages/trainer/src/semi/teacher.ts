/**
 * The teacher of a mean-teacher training: a second set of weights beside the trained ones, their moving average over
 * the steps. It costs the parameters' memory once more, and per step one pass over them and one forward pass in
 * inference mode.
 */
import { ParameterStore, type Plan, type Predictor, type StateDict } from '@infnet/core';
import type { CompanionSetting, TrainerCompanion } from '../trainer/companion.js';
import { imageBatch, type MapOptions, mapPredictor, probabilities, separateImages } from './map-predictor.js';
import { movingAveragePlan } from './moving-average.js';

export interface TeacherOptions extends MapOptions {
  /** How much of the average stays in a step. */
  readonly decay: number;
}

export class Teacher implements TrainerCompanion {
  readonly #options: TeacherOptions;
  readonly #rate: Float32Array;
  #parameters: ParameterStore | undefined;
  #average: Plan | undefined;
  #predictor: Predictor<'image', 'logits'> | undefined;

  constructor(options: TeacherOptions) {
    this.#options = options;
    this.#rate = Float32Array.of(1 - options.decay);
  }

  /** The teacher begins as a copy of the student. */
  async open({ context, net, parameters, state }: CompanionSetting): Promise<void> {
    this.#parameters = new ParameterStore(context, net);
    this.#parameters.load(state ?? (await parameters.read()));
    this.#average = await movingAveragePlan(context, this.#parameters, parameters);
    this.#predictor = mapPredictor(this.#options, this.#parameters);
    await this.#predictor.prepare(imageBatch(this.#options));
  }

  async step(): Promise<void> {
    await this.#average?.run({ rate: this.#rate });
  }

  async state(): Promise<StateDict> {
    return (this.#parameters as ParameterStore).read();
  }

  /** Probabilities [count * height * width] of `count` images, at most `batchSize`. */
  async predict(images: Float32Array, count: number): Promise<Float32Array> {
    const items = separateImages(this.#options, images, count);
    const maps = (await this.#predictor?.run(imageBatch(this.#options), items)) ?? [];
    const all = new Float32Array(maps.reduce((sum, { logits }) => sum + logits.length, 0));
    for (const [i, { logits }] of maps.entries()) all.set(probabilities(logits), i * logits.length);
    return all;
  }

  close(): void {
    this.#predictor?.dispose();
    this.#average?.dispose();
    this.#parameters?.dispose();
    this.#predictor = undefined;
    this.#average = undefined;
    this.#parameters = undefined;
  }
}
