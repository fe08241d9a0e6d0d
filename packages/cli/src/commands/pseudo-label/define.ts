/** The options of `infnet pseudo-label` and their help. */

import { TRAIN_OPTIONS } from '@infnet/segmentation/options';
import { type Command, Option } from 'commander';
import { EXIT, type Io } from '../../io.js';
import {
  adapterOption,
  givenOptions,
  integer,
  needs,
  orientOption,
  precisionOption,
  range,
  taskOption,
  tuningOption,
  weightsBackboneOption,
  weightsKeyOption,
  windowOption,
} from '../../options.js';
import type { PseudoLabelOptions } from './pseudo-label.js';

const HELP = `
The data folder holds slices in Imgs, anywhere below it, or directly. The result is a data set in the same layout, to train on:
  infnet train --data OUT --masks soft --out RUN
GT has each slice's soft mask at the slice's own size, Edge the edge of what is above 128, Imgs a copy of the slice. Of a volume
(.nii, .nii.gz) GT has a volume on its grid, from 0 to 1, and there are no edges. Masks of an earlier run are overwritten. infnet train --semi does this round by round, with the net getting better in between.

Exit codes: ${EXIT.ok} all labelled, ${EXIT.someFailed} some slices failed (named) and the others were labelled, ${EXIT.setUp} wrong usage or set-up, ${EXIT.interrupted} stopped by Ctrl-C`;

export function addPseudoLabel(program: Command, io: Io, done: (code: number) => void): void {
  program
    .command('pseudo-label')
    .summary('let a net label slices, to train on')
    .description('Makes a data set of slices without masks: the masks are what a net predicts.')
    .option('--data <folder>', 'required; slices without masks')
    .option('--weights <file>', 'required; checkpoint: .pth or .safetensors')
    .addOption(weightsKeyOption())
    .option('--out <folder>', 'required; where the data set goes; made if missing')
    .option('--size <pixels>', "the net's input size, a multiple of 32 (VGG-16: 16)", integer(16, 4096), 352)
    .option('--batch <n>', 'slices per run of the net', integer(1, 1024), 1)
    .addOption(
      new Option('--labels <kind>', 'stretched to full contrast as the released generator does, or probabilities')
        .choices(TRAIN_OPTIONS.labels.values)
        .default(TRAIN_OPTIONS.labels.values[0]),
    )
    .option('--range <range>', '16-bit slices: what becomes black and white: full, minmax or LOW,HIGH', range, 'full')
    .addOption(windowOption())
    .addOption(orientOption())
    .option('--no-images', 'do not copy the slices')
    .option('--skip-bad', 'leave out slices that cannot be read instead of refusing the folder', false)
    .addOption(weightsBackboneOption())
    .addOption(taskOption())
    .addOption(adapterOption())
    .addOption(tuningOption())
    .addOption(precisionOption())
    .option('--json', 'print one JSON document on stdout', false)
    .addHelpText('after', HELP)
    .action(async (options: Omit<PseudoLabelOptions, 'given'>, command: Command) => {
      needs(command, 'data', 'weights', 'out');
      const { pseudoLabel } = await import('./pseudo-label.js');
      done(await pseudoLabel({ ...options, given: givenOptions(command) }, io));
    });
}
