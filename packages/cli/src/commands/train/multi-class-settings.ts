/** What `--multi-class` makes of the options: its own defaults, and a refusal of those that are Inf-Net's. */
import { namesWhere, optionFlag, TRAIN_OPTIONS, type TrainSettings } from '@infnet/segmentation/options';
import { cliError } from '../../errors.js';
import type { TrainOptions } from './options.js';

/** At 16 to 31 pixels the deepest maps are single values, of which one alone has no variance. */
const SMALLEST = 32;

/** The released method (quirk 27), but with cross entropy over corrected labels. */
const METHOD = {
  loss: 'cross-entropy',
  optimizer: 'sgd',
  momentum: 0.7,
  lr: 1e-2,
  schedule: 'constant',
  clip: 0,
} as const satisfies Partial<TrainSettings>;

/**
 * Settings of a multi-class training that the command line leaves to its defaults; none for any other.
 *
 * @throws InfnetError `CLI_USAGE` for options that do not go with the kind of training
 */
export function multiClassMethod(options: TrainOptions): Partial<TrainSettings> {
  const { multiClass = false, loss, given, size } = options;
  if (!multiClass) {
    if (loss !== 'cross-entropy') return {};
    const fix = 'Add --multi-class, or give --loss as-released, paper or dice.';
    throw cliError('CLI_USAGE', '--loss cross-entropy is of classes, which Inf-Net does not tell.', fix);
  }
  const foreign = namesWhere(TRAIN_OPTIONS, ({ tasks }) => tasks?.includes('classes') === false).filter((name) =>
    given.includes(name),
  );
  if (foreign.length > 0) {
    const message = `${foreign.map(optionFlag).join(', ')}: not with --multi-class, which trains a U-Net.`;
    throw cliError('CLI_USAGE', message, 'Leave it out. The net is made smaller by --width.');
  }
  if (given.includes('loss') && loss !== 'cross-entropy' && loss !== 'as-released') {
    const message = `--loss ${loss} is for infection masks, not for classes.`;
    throw cliError('CLI_USAGE', message, 'Give --loss cross-entropy or as-released.');
  }
  if (loss === 'as-released' && given.includes('loss') && options.augment !== 'none') {
    const message = `--augment ${options.augment} with --loss as-released: the released code has none, and its labels may not fit a slice that was turned.`;
    throw cliError('CLI_USAGE', message, 'Leave --augment out, or give --loss cross-entropy.');
  }
  if (size < SMALLEST) {
    const message = `--size ${size} is too small: the U-Net halves it four times.`;
    throw cliError('CLI_USAGE', message, `Give at least ${SMALLEST}; the reference uses 352.`);
  }
  return Object.fromEntries(Object.entries(METHOD).filter(([name]) => !given.includes(name)));
}
