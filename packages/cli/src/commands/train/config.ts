/** Which settings a run has: those of the command line, or on `--resume` those of its folder with what may change. */
import { checkSettings, namesWhere, optionFlag, TRAIN_OPTIONS, type TrainSettings } from '@infnet/segmentation/options';
import { cliError } from '../../errors.js';
import { multiClassMethod } from './multi-class-settings.js';
import type { TrainOptions } from './options.js';

/** The released code clamps every element of every gradient to +-0.5 (quirk 12). */
const RELEASED_CLIP = 0.5;

/** @throws InfnetError `CLI_USAGE` */
export function newSettings(options: TrainOptions): TrainSettings {
  const { data, weights, backboneWeights, clipNorm, epochs } = options;
  if (data === undefined) {
    refuse('Which slices to train on is not said.', 'Give --data FOLDER, with Imgs and GT below it.');
  }
  if (options.semi && options.unlabelled === undefined) {
    const fix = 'Give --unlabelled FOLDER with slices (Imgs below it), or leave --semi out.';
    refuse('Which slices have no mask is not said.', fix);
  }
  if (weights !== undefined && backboneWeights !== undefined) {
    refuse(
      '--weights and --backbone-weights do not go together.',
      'Give --weights FILE for a whole net, or --backbone-weights FILE for a backbone; the rest then starts from the seed.',
    );
  }
  const method = multiClassMethod(options);
  const asked: Readonly<Record<string, unknown>> = {
    ...options,
    ...method,
    clip: options.clip ?? method.clip ?? (clipNorm > 0 ? 0 : RELEASED_CLIP),
    pseudoEpochs: options.pseudoEpochs ?? epochs,
    finetuneEpochs: options.finetuneEpochs ?? epochs,
  };
  const settings = checked(Object.fromEntries(Object.keys(TRAIN_OPTIONS).map((name) => [name, asked[name]])));
  checkTogether(settings, options.given);
  return settings;
}

/** @throws InfnetError `CLI_USAGE` naming what is no setting */
export function checked(values: Readonly<Record<string, unknown>>, where?: string): TrainSettings {
  const result = checkSettings(TRAIN_OPTIONS, values);
  if ('settings' in result) return result.settings;
  const fix = 'Give it anew, or mend config.json of the run.';
  throw cliError('CLI_USAGE', result.problems.join(' '), fix, where === undefined ? {} : { where });
}

/** Options that would do nothing beside the others. @throws InfnetError `CLI_USAGE` */
function checkTogether(settings: TrainSettings, given: readonly string[]): void {
  const { epochs, optimizer, patience, semi, validate, weights } = settings;
  if (epochs === 0 && !(semi && weights !== undefined)) {
    refuse(
      '--epochs 0 would train nothing.',
      'Give at least 1. 0 is for --semi with --weights, which then labels at once.',
    );
  }
  if (given.includes('momentum') && optimizer !== 'sgd') {
    refuse(`--momentum is of --optimizer sgd, not of ${optimizer}.`, 'Add --optimizer sgd, or leave --momentum out.');
  }
  const foreign = namesWhere(TRAIN_OPTIONS, ({ method }) => method === (semi ? 'supervised' : 'semi'))
    .filter((name) => given.includes(name))
    .map(optionFlag)
    .join(', ');
  if (foreign !== '') {
    if (semi)
      refuse(`${foreign}: not with --semi, which validates at the end of every stage and round.`, 'Leave it out.');
    refuse(`${foreign} is for a semi-supervised training.`, `Add --semi, or leave ${foreign} out.`);
  }
  if (!semi && patience > 0 && validate === 'none') {
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
  const [had, asked]: readonly Readonly<Record<string, unknown>>[] = [{ ...before }, { ...options }] as const;
  const given = Object.keys(TRAIN_OPTIONS).filter((name) => options.given.includes(name));
  const different = given.filter((name) => JSON.stringify(asked[name]) !== JSON.stringify(had[name]));
  const changeable = namesWhere(TRAIN_OPTIONS, ({ changes }) => changes === true);
  const refused = different.filter((name) => !changeable.includes(name));
  if (refused.length > 0) {
    const what = refused.map((name) => `${optionFlag(name)} was ${text(had[name])}, not ${text(asked[name])}`);
    refuse(
      `The run cannot be resumed with other settings: ${what.join('; ')}.`,
      'Leave these options out: --resume takes them from config.json. Or start another run in another folder, with --weights.',
    );
  }
  const settings = checked({ ...had, ...Object.fromEntries(different.map((name) => [name, asked[name]])) });
  checkTogether(settings, options.given);
  return {
    settings,
    changes: different.map((name) => `${optionFlag(name)} ${text(asked[name])} (was ${text(had[name])})`),
  };
}

function text(value: unknown): string {
  return value === undefined ? 'not given' : Array.isArray(value) ? value.join(',') || 'none' : String(value);
}

function refuse(message: string, fix: string): never {
  throw cliError('CLI_USAGE', message, fix);
}
