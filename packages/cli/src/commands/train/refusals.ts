/** What the trainer refuses, in the words of the command line. */
import { isInfnetError, plainMessage } from '@infnet/core';
import { type OptionRow, optionFlag, TRAIN_OPTIONS } from '@infnet/segmentation/options';
import { cliError } from '../../errors.js';

/** Names of the trainer's options in its messages, longer ones first, and the flags that they come from. */
const NAMES: readonly (readonly [said: string, flag: string])[] = [
  ...Object.entries<OptionRow>(TRAIN_OPTIONS)
    .flatMap(([name, { trainer, named = [] }]) =>
      [...named, ...(trainer === undefined ? [] : [trainer])].map((said) => [said, optionFlag(name)] as const),
    )
    .sort(([a], [b]) => b.length - a.length),
  // Which stage it is of is of no interest.
  ...['labelled', 'rounds', 'pseudo', 'finetune'].map((stage) => [`stages.${stage}.`, ''] as const),
];

/** A word that is not the trainer's alone is meant where something is said of its value. */
const SAID = new RegExp(
  NAMES.map(([said]) => (/^[a-z ]+$/.test(said) ? `(\\b${said}\\b(?= (?:is|was|are) ))` : `(\\b${said})`)).join('|'),
  'g',
);

function inFlags(message: string): string {
  return message.replace(
    SAID,
    (...[, ...groups]) => NAMES[groups.findIndex((group) => group !== undefined)]?.[1] ?? '',
  );
}

const OPTIONS = ['TRAINER_OPTION', 'SEMI_OPTION', 'OPTIMIZER_OPTION', 'SCHEDULE_OPTION', 'TRAINING_LEARNING_RATE'];
const STATES = ['TRAINER_STATE', 'SEMI_STATE', 'TRAIN_DATA_CHANGED'];
/** A run that has come further than it is asked to. */
const TOO_FEW = 'TRAIN_EPOCHS';

/**
 * Calls `make` and tells its refusals as the command line does.
 *
 * @throws InfnetError `CLI_USAGE` for settings, `CLI_RUN_FOLDER` for a state that is not of these settings and data
 */
export function inFolder<T>(make: () => T, folder: string): T {
  try {
    return make();
  } catch (error) {
    if (!isInfnetError(error)) throw error;
    const message = inFlags(plainMessage(error));
    const more = { where: folder, details: error.details, cause: error };
    if (error.code === TOO_FEW) {
      const { epochs, begun } = error.details;
      const told = `--epochs ${epochs}: epoch ${begun} of this run has begun.`;
      throw cliError('CLI_USAGE', told, `Give at least ${begun}, or leave it out.`);
    }
    if (STATES.includes(error.code)) {
      const fix =
        'Put settings and slices back as they were (config.json, --data), or start another run in another folder with --weights.';
      const accept = 'Or go on with the slices as they are: --accept-changed-data.';
      const isOfSlices = error.details['changedSlices'] !== undefined;
      throw cliError('CLI_RUN_FOLDER', sentence(message), isOfSlices ? `${fix} ${accept}` : fix, more);
    }
    if (OPTIONS.includes(error.code)) {
      throw cliError('CLI_USAGE', sentence(message), 'Give it anew, or mend config.json of the run.', more);
    }
    throw error;
  }
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/\.$/, '')}.`;
}
