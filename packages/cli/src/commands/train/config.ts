/** Which settings a run has: those of the command line, or on `--resume` those of its folder with what may change. */
import type { SegmentationTask } from '@infnet/segmentation';
import {
  type Checked,
  checkSettings,
  namesWhere,
  optionFlag,
  TRAIN_OPTIONS,
  type TrainSettings,
} from '@infnet/segmentation/options';
import { cliError } from '../../errors.js';
import { parseValidate } from '../../held-out.js';
import type { TrainOptions } from './options.js';

/** The released code clamps every element of every gradient to +-0.5 (quirk 12). */
const RELEASED_CLIP = 0.5;

/** @throws InfnetError `CLI_USAGE` */
export function newSettings(task: SegmentationTask, options: TrainOptions): TrainSettings {
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
  const method = methodOf(task, options);
  const asked: Readonly<Record<string, unknown>> = {
    ...options,
    ...method,
    clip: options.clip ?? method.clip ?? (clipNorm > 0 ? 0 : RELEASED_CLIP),
    pseudoEpochs: options.pseudoEpochs ?? epochs,
    finetuneEpochs: options.finetuneEpochs ?? epochs,
  };
  const settings = checked(Object.fromEntries(Object.keys(TRAIN_OPTIONS).map((name) => [name, asked[name]])));
  checkTogether(settings, options.given);
  checkTask(task, settings, options.given);
  return settings;
}

function checked(values: Readonly<Record<string, unknown>>): TrainSettings {
  return orRefuse(checkSettings(TRAIN_OPTIONS, values));
}

/** @throws InfnetError `CLI_USAGE` naming what is no setting */
export function orRefuse(result: Checked<typeof TRAIN_OPTIONS>, where?: string): TrainSettings {
  if ('settings' in result) return result.settings;
  const fix = 'Give it anew, or mend config.json of the run.';
  throw cliError('CLI_USAGE', result.problems.join(' '), fix, where === undefined ? {} : { where });
}

/** Settings of the task's own that the command line leaves to their defaults. */
function methodOf({ training }: SegmentationTask, { given }: TrainOptions): Partial<TrainSettings> {
  return Object.fromEntries(Object.entries(training.defaults).filter(([name]) => !given.includes(name)));
}

/** @throws InfnetError `CLI_USAGE` for options that do not go with the task */
function checkTask(
  { name, losses, training }: SegmentationTask,
  settings: TrainSettings,
  given: readonly string[],
): void {
  const { loss, augment, size } = settings;
  const foreign = namesWhere(TRAIN_OPTIONS, ({ tasks }) => tasks?.includes(name) === false).filter((option) =>
    given.includes(option),
  );
  if (foreign.length > 0) {
    refuse(`${foreign.map(optionFlag).join(', ')}: ${training.foreign.why}.`, training.foreign.fix);
  }
  const hasLosses = TRAIN_OPTIONS.loss.tasks.some((task) => task === name);
  if (hasLosses && !losses.includes(loss)) {
    if (loss === 'cross-entropy') {
      const fix = `Add --multi-class, or give --loss ${orList(losses)}.`;
      refuse('--loss cross-entropy is of classes, which Inf-Net does not tell.', fix);
    }
    refuse(`--loss ${loss} is for infection masks, not for classes.`, `Give --loss ${orList(losses)}.`);
  }
  if (name === 'classes' && loss === 'as-released' && augment !== 'none') {
    const message = `--augment ${augment} with --loss as-released: the released code has none, and its labels may not fit a slice that was turned.`;
    refuse(message, 'Leave --augment out, or give --loss cross-entropy.');
  }
  const { leastSize } = training;
  if (leastSize !== undefined && size < leastSize.size) {
    const message = `--size ${size} is too small: ${leastSize.why}.`;
    refuse(message, `Give at least ${leastSize.size}; the reference uses 352.`);
  }
}

/** `a, b or c`. */
function orList(names: readonly string[]): string {
  return names.join(', ').replace(/, (?=[^,]*$)/, ' or ');
}

/** Options that would do nothing beside the others. @throws InfnetError `CLI_USAGE` */
function checkTogether(settings: TrainSettings, given: readonly string[]): void {
  const { epochs, optimizer, patience, semi, validate, weights, clip, clipNorm } = settings;
  if (epochs === 0 && !(semi && weights !== undefined)) {
    refuse(
      '--epochs 0 would train nothing.',
      'Give at least 1. 0 is for --semi with --weights, which then labels at once.',
    );
  }
  if (given.includes('momentum') && optimizer !== 'sgd') {
    refuse(`--momentum is of --optimizer sgd, not of ${optimizer}.`, 'Add --optimizer sgd, or leave --momentum out.');
  }
  if (clipNorm > 0 && clip > 0) {
    refuse('--clip and --clip-norm do not go together.', 'Give --clip 0 with --clip-norm.');
  }
  if (validate !== 'none' && validate !== 'train') parseValidate(validate, { length: 0 });
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
