/** The net of a run, and weights as files that `infnet segment` and PyTorch read. */
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { writeSafetensors } from '@infnet/checkpoint';
import type { Module, StateDict } from '@infnet/core';
import { InfNet, stateDictEntries, type Trained, weightsOrigin } from '@infnet/inf-net';
import { writeFileAtomic } from '@infnet/node';
import type { TrainSettings } from '@infnet/segmentation/options';
import { cliError } from '../../errors.js';
import type { WeightsFile, WeightsSource } from '../../weights-file.js';
import { checkSize } from '../segment/network.js';
import { netOf } from '../segment/weights.js';
import { backboneStart, readTrainingWeights } from './backbone-start.js';

export interface RunNet {
  readonly net: InfNet;
  /** Where the parameters start, when not from the seed. */
  readonly initial: StateDict | undefined;
  /** The settings with backbone, width and channels as they are. */
  readonly settings: TrainSettings;
  /** Whether the weights to start from were trained. */
  readonly trained: Trained;
  /** What was done to the file of weights, a sentence each. */
  readonly notes: readonly string[];
}

/**
 * @param given names of the options on the command line, which must not contradict the weights
 * @param resumed whether the parameters will come from a state anyway: a checkpoint to start from is then not needed
 *   any more
 * @throws InfnetError `FILE_...`, `CHECKPOINT_...`; `CLI_USAGE` when the size does not fit, or an option says another
 *   net than the weights
 */
export async function makeNet(settings: TrainSettings, given: readonly string[], resumed: boolean): Promise<RunNet> {
  const { weights, backboneWeights, weightsKey: key, backbone, width, channels, size } = settings;
  const file = backboneWeights ?? weights;
  if (file === undefined || (resumed && !existsSync(file))) {
    const net = new InfNet({ backbone, width, channels });
    checkSize(size, net, backbone);
    return { net, initial: undefined, settings, trained: 'false', notes: [] };
  }
  const source = { key, flag: backboneWeights === undefined ? '--weights' : '--backbone-weights' } as const;
  const read = await readTrainingWeights(file, source);
  const start = read.alone === undefined ? wholeNet(read.file, source) : backboneStart(read, settings, source);
  const { net, told } = start;
  checkSize(size, net, told.backbone);
  if (!resumed) refuseOthers(settings, told, given, file);
  const notes = start.notes.map((note) => `${basename(file)}: ${note}`);
  const { trainedOn } = weightsOrigin(read.file.checkpoint.metadata, start.trained);
  const from = trainedOn === undefined ? {} : { startedFrom: trainedOn };
  return { net, initial: start.state, settings: { ...settings, ...told, ...from }, trained: start.trained, notes };
}

interface Start {
  readonly net: InfNet;
  readonly state: StateDict;
  readonly trained: Trained;
  readonly notes: readonly string[];
  /** What the file says of the net. */
  readonly told: Partial<Pick<TrainSettings, 'width' | 'channels'>> & Pick<TrainSettings, 'backbone'>;
}

function wholeNet(file: WeightsFile, source: WeightsSource): Start {
  const { net, state, description } = netOf(file, undefined, source);
  const { backbone, width, channels, trained, notes } = description;
  return { net, state, trained, notes, told: { backbone, width, channels } };
}

/** @throws InfnetError `CLI_USAGE` where options that were given say another net than the weights are of */
function refuseOthers(settings: TrainSettings, told: Start['told'], given: readonly string[], file: string): void {
  const names = ['backbone', 'width', 'channels'] as const;
  const other = names.filter(
    (name) => given.includes(name) && told[name] !== undefined && told[name] !== settings[name],
  );
  if (other.length === 0) return;
  const said = other.map((name) => `--${name} ${settings[name]}, but the weights are of ${name} ${told[name]}`);
  throw cliError('CLI_USAGE', `${said.join('; ')}.`, 'Leave it out: the net is that of the weights.', { where: file });
}

/** Writes every entry of the net's state dict, as PyTorch has them. @throws InfnetError `FILE_...` */
export async function writeWeights(
  file: string,
  net: Pick<Module, 'stateDictSpec'>,
  values: StateDict,
  { seed, steps, ...described }: { readonly seed: number; readonly steps: number } & Readonly<Record<string, unknown>>,
): Promise<void> {
  const tensors = stateDictEntries(net, values, { seed, steps });
  // Of weights that no step has changed is true what is true of those it started from.
  const trained = steps > 0 ? { trained: 'true' } : {};
  const texts = Object.entries({ ...described, ...trained, seed, steps }).map(([key, value]) => [key, String(value)]);
  await writeFileAtomic(file, writeSafetensors(tensors, { made_by: 'infnet train', ...Object.fromEntries(texts) }));
}
