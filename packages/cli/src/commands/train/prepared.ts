/** A training that is settled: everything that can be wrong with the request was found. */
import { type InfNet, trainingMetadata } from '@infnet/inf-net';
import type { TrainSettings } from '@infnet/segmentation/options';
import { cliError } from '../../errors.js';
import type { DataProgress, RunData } from './data.js';
import { openData, openUnlabelled } from './data.js';
import { clipOf, lastBatchOf } from './method.js';
import { makeNet } from './net.js';
import type { InfNetParts, RunParts, TrainingRun } from './run.js';
import type { RunFolder } from './run-folder.js';
import type { RunValidation } from './run-validation.js';
import { SemiRun } from './semi.js';
import { SupervisedRun } from './supervised.js';
import { infNetTask } from './task.js';
import { Validator } from './validation.js';

/** The parts of a run that follow from its settings. */
type Settled = 'net' | 'initial' | 'settings' | 'data' | 'validation' | 'describe';
export type RunRest = Omit<RunParts, Settled>;

export interface Prepared {
  /** As they are, once the net is known. */
  readonly settings: TrainSettings;
  /** Lines about the data. */
  readonly warnings: readonly string[];
  makeRun(rest: RunRest): Pick<TrainingRun, 'run'>;
}

export interface Preparing {
  readonly asked: TrainSettings;
  /** Names of the options that were given on the command line. */
  readonly given: readonly string[];
  readonly resumed: boolean;
  readonly folder: RunFolder;
  /** How the reading of something is told. */
  readonly reading: (what: string) => DataProgress;
}

/** @throws InfnetError of settings, weights and data */
export async function prepareInfNet({ asked, given, resumed, folder, reading }: Preparing): Promise<Prepared> {
  const { net, initial, settings, trained, notes } = await makeNet(asked, given, resumed);
  clipOf(settings);
  const data = await openData(settings, reading('reading slices'));
  const unlabelled = settings.semi ? await openUnlabelled(settings, reading('reading unlabelled slices')) : undefined;
  const { backbone, width, channels, size, batch, startedFrom } = settings;
  const slices = data.train.length;
  if (settings.semi && batch > slices && lastBatchOf(size, net) === 'drop') {
    const message = `--batch ${batch} is more than the ${slices} slices to train on, and at --size ${size} a smaller batch is left out.`;
    throw cliError('CLI_USAGE', message, `Give --batch ${slices}, or a larger --size.`);
  }
  const validation = validationOf(settings, net, data, folder);
  const origin = trainingMetadata({
    slices: data.train.length,
    phantoms: data.phantoms + (unlabelled?.phantoms ?? 0),
    unlabelled: unlabelled?.dataset.length ?? 0,
    startedFrom,
  });
  const describe = { backbone, width, channels, size, trained, ...origin };
  const settled = { net, initial, settings, data, validation, describe };
  return {
    settings,
    warnings: [...notes.map((note) => `  ${note}`), data.warnings, unlabelled?.warnings ?? ''],
    makeRun: (rest) => {
      const parts: InfNetParts = { ...rest, ...settled };
      if (unlabelled !== undefined) return new SemiRun(parts, unlabelled.dataset);
      return new SupervisedRun(parts, infNetTask(settings, net, data.train));
    },
  };
}

function validationOf(
  { size, batch, samples }: TrainSettings,
  net: InfNet,
  { validation: dataset }: RunData,
  folder: RunFolder,
): RunValidation | undefined {
  return dataset === undefined
    ? undefined
    : new Validator({ net, dataset, size, batch, folder: folder.samples, samples });
}
