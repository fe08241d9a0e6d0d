/** Validations of a run, and the pictures that they leave of some slices. */
import { encodePng } from '@infnet/data';
import type { Figures, TaskData } from '../task.js';
import type { Validating } from '../train/session.js';
import { Validator } from '../train/validator.js';
import type { Keeper } from './keeper.js';
import type { RunParts } from './parts.js';
import { stageKey } from './place.js';
import { epochKey, isPictured, SAMPLES, Samples } from './samples.js';

export class RunValidation {
  readonly samples: Samples;
  readonly #validator: Validator;
  readonly #epochs: number;

  constructor({ task, net, settings, store }: RunParts, data: TaskData) {
    const { size, batch, samples, epochs } = settings;
    this.#epochs = epochs;
    this.#validator = new Validator({ task, net, data, size, batch });
    const truth = async (index: number): Promise<Uint8Array> =>
      encodePng(task.drawTruth((await data.slice(index)).image, await data.truth(index)));
    this.samples = new Samples(store, { names: data.names, truth }, samples);
  }

  async run({ parameters, epoch, place }: Validating, keeper: Keeper): Promise<Figures> {
    const key = epoch === undefined ? stageKey(place) : this.#epochKey(epoch);
    return this.#validator.run(parameters, async ({ index, draw }) => {
      if (key === undefined || !this.samples.indices.includes(index)) return;
      await keeper.keep(SAMPLES, () => this.samples.add(index, key, encodePng(draw())));
    });
  }

  /** Under which name the pictures of an epoch are kept; undefined: not at all. */
  #epochKey(epoch: number): string | undefined {
    return isPictured(epoch) || epoch === this.#epochs ? epochKey(epoch) : undefined;
  }
}
