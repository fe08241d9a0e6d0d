/** Which settings a run has: those of the command line, or on `--resume` those of its folder with what may change. */
import { resolve } from 'node:path';
import { cliError } from '../../errors.js';
import { optionFlag } from '../../options.js';
import { multiClassMethod } from './multi-class-settings.js';
import type { TrainOptions, TrainSettings } from './options.js';

const NAMES = [
  'data',
  'size',
  'epochs',
  'batch',
  'lr',
  'schedule',
  'optimizer',
  'momentum',
  'weightDecay',
  'clip',
  'clipNorm',
  'loss',
  'scales',
  'accumulate',
  'seed',
  'backbone',
  'width',
  'channels',
  'weights',
  'backboneWeights',
  'weightsKey',
  'validate',
  'validateEvery',
  'patience',
  'augment',
  'edges',
  'masks',
  'range',
  'window',
  'orient',
  'emptyMasks',
  'cache',
  'skipBad',
  'freezeBatchNorm',
  'freeze',
  'recompute',
  'precision',
  'snapshotEvery',
  'snapshotEpochs',
  'samples',
  'multiClass',
  'semi',
  'unlabelled',
  'strategy',
  'group',
  'accept',
  'roundEpochs',
  'roundLr',
  'maxRounds',
  'teacherEpochs',
  'pseudoEpochs',
  'pseudoStart',
  'finetuneEpochs',
  'labels',
] as const satisfies readonly (keyof TrainOptions & keyof TrainSettings)[];

/** The released code clamps every element of every gradient to +-0.5 (quirk 12). */
const RELEASED_CLIP = 0.5;

/** Settings that may change on the way: they say how to go on, not what has been done. */
const CHANGEABLE: ReadonlySet<string> = new Set([
  'epochs',
  'lr',
  'schedule',
  'weightDecay',
  'clip',
  'clipNorm',
  'patience',
  'validateEvery',
  'snapshotEvery',
  'snapshotEpochs',
  'recompute',
  'cache',
]);

/** @throws InfnetError `CLI_USAGE` */
export function newSettings(options: TrainOptions): TrainSettings {
  const { data, weights, backboneWeights, unlabelled } = options;
  if (data === undefined) {
    throw cliError(
      'CLI_USAGE',
      'Which slices to train on is not said.',
      'Give --data FOLDER, with Imgs and GT below it.',
    );
  }
  if (options.semi && options.unlabelled === undefined) {
    const fix = 'Give --unlabelled FOLDER with slices (Imgs below it), or leave --semi out.';
    throw cliError('CLI_USAGE', 'Which slices have no mask is not said.', fix);
  }
  if (!options.semi && options.unlabelled !== undefined) {
    throw cliError(
      'CLI_USAGE',
      '--unlabelled is for a semi-supervised training.',
      'Add --semi, or leave --unlabelled out.',
    );
  }
  if (weights !== undefined && backboneWeights !== undefined) {
    throw cliError(
      'CLI_USAGE',
      '--weights and --backbone-weights do not go together.',
      'Give --weights FILE for a whole net, or --backbone-weights FILE for a backbone; the rest then starts from the seed.',
    );
  }
  const method = multiClassMethod(options);
  const picked = { ...Object.fromEntries(NAMES.map((name) => [name, options[name]])), ...method } as TrainSettings;
  const { clipNorm, epochs, pseudoEpochs = epochs, finetuneEpochs = epochs } = options;
  const clip = options.clip ?? method.clip ?? (clipNorm > 0 ? 0 : RELEASED_CLIP);
  const paths = {
    data,
    ...(weights === undefined ? {} : { weights }),
    ...(backboneWeights === undefined ? {} : { backboneWeights }),
    ...(unlabelled === undefined ? {} : { unlabelled }),
  };
  const absolute = Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, resolve(path)]));
  const settings = { ...picked, clip, pseudoEpochs, finetuneEpochs, ...absolute };
  checkTogether(settings, options.given);
  return settings;
}

/** Options that would do nothing beside the others. @throws InfnetError `CLI_USAGE` */
function checkTogether(settings: TrainSettings, given: readonly string[]): void {
  const { epochs, optimizer, patience, semi, validate, weights } = settings;
  const refuse = (message: string, fix: string): never => {
    throw cliError('CLI_USAGE', message, fix);
  };
  if (epochs === 0 && !(semi && weights !== undefined)) {
    refuse(
      '--epochs 0 would train nothing.',
      'Give at least 1. 0 is for --semi with --weights, which then labels at once.',
    );
  }
  if (given.includes('momentum') && optimizer !== 'sgd') {
    refuse(`--momentum is of --optimizer sgd, not of ${optimizer}.`, 'Add --optimizer sgd, or leave --momentum out.');
  }
  if (semi) {
    const idle = ['patience', 'validateEvery'].filter((name) => given.includes(name));
    if (idle.length > 0) {
      const flags = idle.map(optionFlag).join(', ');
      refuse(`${flags}: not with --semi, which validates at the end of every stage and round.`, 'Leave it out.');
    }
  } else if (patience > 0 && validate === 'none') {
    refuse(
      `--patience ${patience} stops when no validation is better, but --validate none validates nothing.`,
      'Give --validate a share like 0.2, or --patience 0.',
    );
  }
}

export interface Resumed {
  readonly settings: TrainSettings;
  /** What is different from now on, in words. */
  readonly changes: readonly string[];
}

/**
 * The settings of a run with those changed that the command line gives anew.
 *
 * @throws InfnetError `CLI_USAGE` when one is given that a training cannot change on its way
 */
export function resumedSettings(before: TrainSettings, options: TrainOptions): Resumed {
  const asked: Partial<Record<string, unknown>> = { ...options };
  for (const name of ['data', 'weights', 'backboneWeights', 'unlabelled']) {
    const path = asked[name];
    if (typeof path === 'string') asked[name] = resolve(path);
  }
  const given = NAMES.filter((name) => options.given.includes(name));
  const different = given.filter((name) => JSON.stringify(asked[name]) !== JSON.stringify(before[name]));
  const refused = different.filter((name) => !CHANGEABLE.has(name));
  if (refused.length > 0) {
    const what = refused.map((name) => `${optionFlag(name)} was ${text(before[name])}, not ${text(asked[name])}`);
    throw cliError(
      'CLI_USAGE',
      `The run cannot be resumed with other settings: ${what.join('; ')}.`,
      'Leave these options out: --resume takes them from config.json. Or start another run in another folder, with --weights.',
    );
  }
  const settings = { ...before, ...Object.fromEntries(different.map((name) => [name, asked[name]])) };
  checkTogether(settings, options.given);
  return {
    settings,
    changes: different.map((name) => `${optionFlag(name)} ${text(asked[name])} (was ${text(before[name])})`),
  };
}

function text(value: unknown): string {
  return value === undefined ? 'not given' : Array.isArray(value) ? value.join(',') || 'none' : String(value);
}
