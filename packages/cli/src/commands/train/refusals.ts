/** What the trainer refuses, in the words of the command line. */
import { isInfnetError, plainMessage } from '@infnet/errors';
import { cliError } from '../../errors.js';

/** Names of the trainer's options, and of those of the command line that they come from. */
const FLAGS: readonly (readonly [RegExp, string])[] = [
  [/stages\.labelled\.epochs/g, '--epochs'],
  [/stages\.rounds\.epochs/g, '--round-epochs'],
  [/stages\.pseudo\.epochs/g, '--pseudo-epochs'],
  [/stages\.finetune\.epochs/g, '--finetune-epochs'],
  [/stages\.\w+\./g, ''],
  [/\bepochs(?= (is|was))/g, '--epochs'],
  [/\bbatchSize\b/g, '--batch'],
  [/\bseed\b(?= (is|was))/g, '--seed'],
  [/\baccumulate\b/g, '--accumulate'],
  [/\b(the number of )?scales\b(?= (is|was|are))/g, '--scales'],
  [/\bvalidateEvery\b/g, '--validate-every'],
  [/\bpatience\b/g, '--patience'],
  [/\bsnapshotEvery\b/g, '--snapshot-every'],
  [/\bsnapshotEpochs\b/g, '--snapshot-epochs'],
  [/\bmaxRounds\b/g, '--max-rounds'],
  [/\b(groupSize|pool)\b/g, '--group'],
  [/\baccept\.best\b/g, '--accept'],
  [/\b(encoding)\b(?= (is|was))/g, '--labels'],
];

const OPTIONS = ['TRAINER_OPTION', 'SEMI_OPTION', 'OPTIMIZER_OPTION', 'SCHEDULE_OPTION', 'TRAINING_LEARNING_RATE'];
const STATES = ['TRAINER_STATE', 'SEMI_STATE'];

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
    const message = FLAGS.reduce((text, [name, flag]) => text.replace(name, flag), plainMessage(error));
    const more = { where: folder, details: error.details, cause: error };
    if (STATES.includes(error.code)) {
      const fix =
        'Put settings and slices back as they were (config.json, --data), or start another run in another folder with --weights.';
      throw cliError('CLI_RUN_FOLDER', sentence(message), fix, more);
    }
    if (OPTIONS.includes(error.code)) {
      throw cliError('CLI_USAGE', sentence(message), 'Give it anew, or mend config.json of the run.', more);
    }
    throw error;
  }
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
