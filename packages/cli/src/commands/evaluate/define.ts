/** The options of `infnet evaluate` and their help. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { EXIT, type Io } from '../../io.js';
import {
  adapterOption,
  fraction,
  givenOptions,
  integer,
  numbers,
  orientOption,
  precisionOption,
  range,
  taskOption,
  tuningOption,
  weightsBackboneOption,
  weightsKeyOption,
  windowOption,
} from '../../options.js';
import { CONVENTIONS, type EvaluateOptions, KINDS, TRUTHS } from './options.js';

const HELP = `
Either predictions that are there, paired with masks by name (7.prob.png, 7.mask.png or 7.png with 7.png):
  infnet evaluate --pred RESULTS --gt MASKS [--images SLICES]
or a net, which predicts the slices of a data set (Imgs and GT) first:
  infnet evaluate --weights W --data DATA [--validate every-fifth]

Maps are 8 or 16 bit grey PNG or JPEG; one of another size than its mask is resized bilinearly to the mask's. Scores are those of the
paper (over the thresholds 0/255, 1/255, ..., 255/255), and overlap at --threshold. With --out: scores.csv, scores.json, report.html.

Volumes (.nii, .nii.gz; predictions 0 to 1 or 0 and 1) are scored slice by slice, all slices, and as a whole: volumes.csv with
millilitres. Prediction and truth lie on one grid, in any storage order.

With --multi-class, background, ground-glass and consolidation are scored one by one: over the pixels of all slices, and as mean
over slices; volumes of labels also as a whole. --out then gets scores.csv and scores.json, and volumes.csv.

Exit codes: ${EXIT.ok} all evaluated, ${EXIT.someFailed} some files failed (named) and the others were evaluated, ${EXIT.setUp} wrong usage or set-up, or nothing could be
evaluated, ${EXIT.interrupted} stopped by Ctrl-C; nothing is written then`;

export function addEvaluate(program: Command, io: Io, done: (code: number) => void): void {
  program
    .command('evaluate')
    .summary('score predictions against masks')
    .description(
      'Scores probability maps or masks against the true masks: Dice, sensitivity, specificity, S-measure, E-measure, MAE with intervals.',
    )
    .option('--pred <folder>', 'probability maps or masks, e.g. the results of infnet segment')
    .option('--gt <folder>', 'the true masks')
    .option('--images <folder>', 'the slices, paired by name: only for the pictures in the report')
    .addOption(
      new Option('--which <kind>', 'where --pred has both .prob.png and .mask.png').choices(KINDS).default('prob'),
    )
    .option('--weights <file>', 'checkpoint to predict with: .pth or .safetensors')
    .addOption(weightsKeyOption())
    .option('--data <folder>', 'slices (Imgs) and masks (GT), anywhere below it')
    .option(
      '--validate <which>',
      'evaluate only these: a share like 0.2 (drawn with --seed, as infnet train draws it), positions like 4,9,14, every-fifth',
      positions,
    )
    .option('--size <pixels>', "the net's input size, a multiple of 32 (VGG-16: 16)", integer(16, 4096), 352)
    .option('--batch <n>', 'slices per run of the net', integer(1, 1024), 1)
    .addOption(weightsBackboneOption())
    .addOption(taskOption())
    .addOption(adapterOption())
    .addOption(tuningOption())
    .addOption(precisionOption())
    .option('--range <range>', '16-bit slices: what becomes black and white: full, minmax or LOW,HIGH', range, 'full')
    .addOption(windowOption())
    .addOption(orientOption())
    .addOption(
      new Option(
        '--masks <values>',
        'what values in true masks mean: 0 and 255 only; infected above 128; above 0 or coloured; probabilities',
      )
        .choices(TRUTHS)
        .default('binary'),
    )
    .addOption(
      new Option('--conventions <which>', "undefined cases: sane, or as the paper's evaluation tool has them")
        .choices(CONVENTIONS)
        .default('sane'),
    )
    .option('--threshold <p>', 'a pixel is infected where the map is at least this', fraction, 0.5)
    .option('--stretch', 'stretch every map to 0..1 first (default: with --conventions as-released)')
    .option('--no-stretch', 'take maps as they are (default: with --conventions sane)')
    .option('--bootstrap <n>', 'resamples for the 95 % intervals; 0: no intervals', integer(0, 1_000_000), 1000)
    .option('--seed <n>', 'of the resamples, and of a drawn share', integer(0, 2 ** 31), 1)
    .option('--surface', 'add Hausdorff 95 and average surface distance of every slice', false)
    .option(
      '--spacing <y,x>',
      'distance of rows and of columns in mm; implies --surface (default: that of the volume, else pixels)',
      numbers,
    )
    .option('--worst <n>', 'how many of the worst and of the best cases the report shows', integer(0, 100), 5)
    .option(
      '--multi-class',
      'class maps (<stem>.classes.png, .nii.gz or <stem>.png), or a U-Net with Imgs, GT and Prior',
      false,
    )
    .option('--out <folder>', 'where scores.csv, scores.json and report.html go; made if missing')
    .option('--json', 'print one JSON document on stdout and nothing else there', false)
    .addHelpText('after', HELP)
    .action(async (options: Omit<EvaluateOptions, 'given'>, command: Command) => {
      const given = givenOptions(command);
      const { evaluate } = await import('./evaluate.js');
      done(await evaluate({ ...options, given }, io));
    });
}

/** What `--validate` takes here; `infnet train` has more. */
function positions(text: string): string {
  const share = Number(text);
  if (text === 'every-fifth' || /^\d+(,\d+)*$/.test(text) || (text.trim() !== '' && share > 0 && share < 1))
    return text;
  throw new InvalidArgumentError('Give a share like 0.2, positions like 4,9,14, or every-fifth.');
}
