/** The options of `infnet train`: the settings of a training, and what only this command has. */
import { type OptionsOf, type OptionTable, TRAIN_OPTIONS } from '@infnet/segmentation/options';
import { ADAPTER_ROW, TUNING_ROW } from '../../options.js';

const { data, ...others } = TRAIN_OPTIONS;

/** In the order of the help. */
export const TRAIN_COMMAND = {
  data,
  out: { kind: 'text', value: 'folder', settled: true, help: 'required; the run folder; made if missing' },
  resume: { kind: 'flag', help: 'continue the run in --out' },
  acceptChangedData: {
    kind: 'flag',
    help: 'continue it although slices are not those that it was trained on until now',
  },
  ...others,
  adapter: ADAPTER_ROW,
  tuning: TUNING_ROW,
  json: { kind: 'flag', help: 'print one JSON document on stdout at the end' },
} as const satisfies OptionTable;

export interface TrainOptions extends OptionsOf<typeof TRAIN_COMMAND> {
  readonly out: string;
  /** Names of the options that were given on the command line: on `--resume` the others come from `config.json`. */
  readonly given: readonly string[];
}
