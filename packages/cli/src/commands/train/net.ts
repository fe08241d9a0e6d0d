/** The net of a run, and weights as files that `infnet segment` and PyTorch read. */
import { existsSync } from 'node:fs';
import { writeSafetensors } from '@infnet/checkpoint';
import type { Module, StateDict } from '@infnet/core';
import { InfNet, stateDictEntries } from '@infnet/inf-net';
import { writeFileAtomic } from '@infnet/node';
import { checkSize } from '../segment/network.js';
import { loadWeights } from '../segment/weights.js';
import type { TrainSettings } from './options.js';

export interface RunNet {
  readonly net: InfNet;
  /** Where the parameters start, when not from the seed. */
  readonly initial: StateDict | undefined;
  /** The settings with backbone, width and channels as they are. */
  readonly settings: TrainSettings;
}

/**
 * @param resumed whether the parameters will come from a state anyway: a checkpoint to start from is then not needed any more
 * @throws InfnetError `FILE_...`, `CHECKPOINT_...`, `CLI_USAGE` when the size does not fit
 */
export async function makeNet(settings: TrainSettings, resumed: boolean): Promise<RunNet> {
  const { weights, backbone, width, channels, size } = settings;
  if (weights === undefined || (resumed && !existsSync(weights))) {
    const net = new InfNet({ backbone, width, channels });
    checkSize(size, net, backbone);
    return { net, initial: undefined, settings };
  }
  const { net, state, description } = await loadWeights(weights);
  checkSize(size, net, description.backbone);
  const told = { backbone: description.backbone, width: description.width, channels: description.channels };
  return { net, initial: state, settings: { ...settings, ...told } };
}

/** Writes every entry of the net's state dict, as PyTorch has them. @throws InfnetError `FILE_...` */
export async function writeWeights(
  file: string,
  net: Pick<Module, 'stateDictSpec'>,
  values: StateDict,
  { seed, steps, ...described }: { readonly seed: number; readonly steps: number } & Readonly<Record<string, unknown>>,
): Promise<void> {
  const tensors = stateDictEntries(net, values, { seed, steps });
  const texts = Object.entries({ ...described, seed, steps }).map(([key, value]) => [key, String(value)]);
  await writeFileAtomic(file, writeSafetensors(tensors, { made_by: 'infnet train', ...Object.fromEntries(texts) }));
}
