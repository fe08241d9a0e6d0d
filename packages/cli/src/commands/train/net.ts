/** The net of a run, and the weights that it starts from. */
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import type { StateDict } from '@infnet/core';
import { printable } from '@infnet/core';
import { DEFAULT_BACKBONE, recognizeBackbone, recognizeNet, type Trained, weightsOrigin } from '@infnet/inf-net';
import { classes, infection, type SegmentationTask, type TaskNet } from '@infnet/segmentation';
import type { TrainSettings } from '@infnet/segmentation/options';
import { cliError } from '../../errors.js';
import type { WeightsFile, WeightsSource } from '../../weights-file.js';
import { checkSize } from '../segment/network.js';
import { loadWeights, weightsOf } from '../segment/weights.js';
import { backboneStart, readTrainingWeights } from './backbone-start.js';

export interface RunNet {
  readonly net: TaskNet;
  /** Where the parameters start, when not from the seed. */
  readonly initial: StateDict | undefined;
  /** The settings with the net's options as they are. */
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
 * @throws InfnetError `FILE_...`, `CHECKPOINT_...`, `CLI_WRONG_NET`; `CLI_USAGE` when the size does not fit, or an
 *   option says another net than the weights
 */
export async function makeNet(
  task: SegmentationTask,
  settings: TrainSettings,
  given: readonly string[],
  resumed: boolean,
): Promise<RunNet> {
  const { weights, backboneWeights, weightsKey: key, size } = settings;
  const file = backboneWeights ?? weights;
  if (file === undefined || (resumed && !existsSync(file))) {
    const net = task.net(task.training.netOptions?.(settings) ?? {});
    checkSize(size, net, nameOf(task, net));
    return { net, initial: undefined, settings, trained: 'false', notes: [] };
  }
  const source = { key, flag: backboneWeights === undefined ? '--weights' : '--backbone-weights' } as const;
  const start = await startOf(task, settings, file, source);
  const { net, state, trained, told, trainedOn } = start;
  checkSize(size, net, nameOf(task, net));
  if (!resumed) refuseOthers(settings, told, given, file);
  const notes = start.notes.map((note) => `${printable(basename(file))}: ${note}`);
  const from = trainedOn === undefined ? {} : { startedFrom: trainedOn };
  return { net, initial: state, settings: { ...settings, ...told, ...from }, trained, notes };
}

function nameOf(task: SegmentationTask, { options }: TaskNet): string {
  return String(options['backbone'] ?? task.name);
}

interface Start {
  readonly net: TaskNet;
  readonly state: StateDict;
  readonly trained: Trained;
  readonly notes: readonly string[];
  /** What the file says of the net. */
  readonly told: Partial<Pick<TrainSettings, 'backbone' | 'width' | 'channels'>>;
  /** What the weights were trained on, in the words of their file. */
  readonly trainedOn?: string;
}

async function startOf(
  task: SegmentationTask,
  settings: TrainSettings,
  file: string,
  source: WeightsSource,
): Promise<Start> {
  if (task.name === classes.name) return classesStart(task, settings, file, source);
  if (task.name !== infection.name) return ownStart(task, file, source);
  const read = await readTrainingWeights(file, source);
  const start = read.alone === undefined ? wholeNet(read.file, source) : backboneStart(read, settings, source);
  const { trainedOn } = weightsOrigin(read.file.checkpoint.metadata, start.trained);
  return { ...start, ...(trainedOn === undefined ? {} : { trainedOn }) };
}

function wholeNet(file: WeightsFile, source: WeightsSource): Start {
  const { net, state, description } = weightsOf(infection, file, {}, source);
  const { trained, notes } = description;
  const { backbone } = recognizeNet(file.tensors, recognizeBackbone(file.tensors) ?? DEFAULT_BACKBONE);
  const told = { backbone, width: Number(net.options['width']), channels: Number(net.options['channels']) };
  return { net, state, trained, notes, told };
}

/** @throws InfnetError `CLI_USAGE` when weights and loss mean other channels */
async function classesStart(
  task: SegmentationTask,
  { loss }: TrainSettings,
  file: string,
  source: WeightsSource,
): Promise<Start> {
  const { net, state, description } = await loadWeights(task, file, {}, source);
  const means = net.options['order'] === 'as-released' ? 'as-released' : 'classes';
  const order = loss === 'as-released' ? 'as-released' : 'classes';
  if (means !== order) {
    const how = { classes: 'cross-entropy', 'as-released': 'as-released' } as const;
    const isSaid = description['orderSaid'] === true;
    const said = isSaid ? 'says so' : 'says nothing, so it is taken for one of the reference';
    throw cliError(
      'CLI_USAGE',
      `--loss ${how[order]} cannot go on with these weights: what their channels mean is the order of --loss ${how[means]} (the file ${said}).`,
      `Give --loss ${how[means]}, or start from the seed.`,
      { where: file },
    );
  }
  return { net, state, trained: 'unknown', notes: description.notes, told: { width: Number(net.options['width']) } };
}

async function ownStart(task: SegmentationTask, file: string, source: WeightsSource): Promise<Start> {
  const { net, state, description } = await loadWeights(task, file, {}, source);
  const { trained, notes, trainedOn } = description;
  return { net, state, trained, notes, told: {}, ...(trainedOn === undefined ? {} : { trainedOn }) };
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
