/** The options of `infnet train` and their help. */
import { type Command, Option } from 'commander';
import { EXIT, type Io } from '../../io.js';
import {
  above,
  adapterOption,
  BACKBONES,
  fractionOrOne,
  givenOptions,
  integer,
  needs,
  numbers,
  range,
  several,
  share,
  tuningOption,
  weightsKeyOption,
} from '../../options.js';
import { orientOption, windowOption } from '../../volume-options.js';
import {
  AUGMENTATIONS,
  DEFAULT_VALIDATE,
  EDGES,
  EMPTY_MASKS,
  LABELS,
  LOSSES,
  MASKS,
  OPTIMIZERS,
  PRECISIONS,
  SCHEDULES,
  STARTS,
  STRATEGIES,
  type TrainOptions,
} from './options.js';

const HELP = `
The data folder holds Imgs, GT and perhaps Edge (the layout of COVID-SemiSeg), anywhere below it; files pair by name. Edges that
are missing are derived from the masks. A volume (.nii, .nii.gz) is its axial slices, all of them; its mask is a volume on the same grid.
One patient is never on both sides: --validate takes volumes as a whole.

The run folder gets config.json, log.jsonl, report.html (look at it while it trains), checkpoints/ (last: the whole state; best,
final: weights for infnet segment) and samples/. Ctrl-C saves and stops; a run that was stopped or killed continues with
  infnet train --out RUN --resume
and ends with the same bits as one that was never stopped. On the way only --epochs, --lr, --schedule, --weight-decay, --clip,
--clip-norm, --patience, --validate-every, --snapshot-every, --cache and --recompute may change.

The paper starts from a backbone trained on ImageNet: --backbone-weights FILE, with the layout of Res2Net's released files, timm's or
torchvision's. A file of a backbone alone may be given by --weights too.

The defaults are the paper's recipe at one scale: Adam, 1e-4, a tenth of it after every 50 epochs. The paper trains at three scales:
--scales 0.75,1,1.25. What the released code really does differs: --schedule as-released; --loss as-released is its loss.

With --multi-class the second stage is trained: a U-Net that gets the slice and the infection (folder Prior: masks or maps) and
tells ground-glass from consolidation (class maps in GT). Defaults are then the released ones: SGD with momentum 0.7, rate 1e-2,
constant, no clip; but --loss cross-entropy over the three classes. --loss as-released is what the released code does to labels
and channels, for comparison.

With --semi (Inf-Net's randomly selected propagation): train on the labelled slices (--epochs); then, round by round, label --group
slices with the net as it is and go on with all that is labelled (--round-epochs); then train on all of it (--pseudo-epochs) and
fine-tune on the labelled slices (--finetune-epochs). checkpoints/supervised is the net before the first pseudo label.

Exit codes: ${EXIT.ok} trained, ${EXIT.someFailed} trained but some files could not be written, ${EXIT.setUp} wrong usage, data or set-up, or not-finite values, ${EXIT.interrupted} stopped by Ctrl-C`;

export function addTrain(program: Command, io: Io, done: (code: number) => void): void {
  const choice = (flags: string, text: string, values: readonly string[]): Option =>
    new Option(flags, text).choices(values).default(values[0]);
  program
    .command('train')
    .summary('train a net on slices with masks')
    .description('Trains Inf-Net on a folder of slices and masks, with everything about it in a run folder.')
    .option('--data <folder>', 'required; slices (Imgs), masks (GT) and perhaps edges (Edge)')
    .option('--out <folder>', 'required; the run folder; made if missing')
    .option('--resume', 'continue the run in --out', false)
    .option('--size <pixels>', "the net's input size, a multiple of 32 (VGG-16: 16)", integer(16, 4096), 352)
    .option('--epochs <n>', 'times through the slices; with --semi and --weights also 0', integer(0), 100)
    .option('--batch <n>', 'slices per batch', integer(1, 4096), 8)
    .option('--lr <rate>', 'learning rate', above(0), 1e-4)
    .option(
      '--seed <n>',
      'first weights, order of slices, augmentation, drawn validation share',
      integer(0, 2 ** 31),
      1,
    )
    .addOption(new Option('--backbone <name>', 'which backbone').choices(BACKBONES).default('res2net50'))
    .option('--width <factor>', 'multiplies the channels, for smaller nets', fractionOrOne, 1)
    .option('--channels <n>', "channels of the decoder's inputs", integer(1, 1024), 32)
    .option('--weights <file>', 'start from this checkpoint (.pth or .safetensors), whose net it then is')
    .option(
      '--backbone-weights <file>',
      'start the backbone from this (Res2Net, ResNet-50 or VGG-16 trained on ImageNet), the rest from the seed',
    )
    .addOption(weightsKeyOption())
    .option(
      '--validate <which>',
      'a share like 0.2, positions in the order of names like 4,9,14, every-fifth, train (on what is trained on), none',
      DEFAULT_VALIDATE,
    )
    .option('--validate-every <epochs>', 'epochs between validations', integer(1), 1)
    .option('--patience <n>', 'stop after so many validations without a better one; 0: never', integer(0), 0)
    .addOption(choice('--schedule <kind>', 'how the learning rate falls', SCHEDULES))
    .addOption(choice('--optimizer <kind>', 'how parameters move', OPTIMIZERS))
    .option('--momentum <share>', 'of sgd (default: 0.9; with --multi-class 0.7)', share)
    .option('--weight-decay <factor>', 'of the optimiser', above(0, { orEqual: true }), 0)
    .option(
      '--clip <limit>',
      'clamp every gradient element to +- this; 0: none (default: 0.5, or 0 with --clip-norm)',
      above(0, { orEqual: true }),
    )
    .option('--clip-norm <norm>', 'scale all gradients down to this norm; 0: any', above(0, { orEqual: true }), 0)
    .addOption(
      choice(
        '--loss <kind>',
        'plain mean cross entropy and weighted IoU; both weighted, as the paper says; cross entropy and Dice; of classes',
        LOSSES,
      ),
    )
    .option('--scales <list>', 'every batch is trained at each of these rates of --size', numbers, [1])
    .option('--accumulate <n>', 'batches per step, whose gradients are averaged', integer(1), 1)
    .addOption(choice('--augment <kind>', 'vary the slices: flips, small rotations, scale, brightness', AUGMENTATIONS))
    .addOption(choice('--edges <which>', "the data's Edge files where there are some, or always from the masks", EDGES))
    .addOption(choice('--masks <values>', 'what grey values in masks mean', MASKS))
    .option('--range <range>', '16-bit slices: what becomes black and white: full, minmax or LOW,HIGH', range, 'full')
    .addOption(windowOption())
    .addOption(orientOption())
    .addOption(choice('--empty-masks <what>', 'slices without any infected pixel: train on them, or not', EMPTY_MASKS))
    .option('--cache <MiB>', 'memory for decoded slices', integer(0, 1_000_000), 1024)
    .option('--skip-bad', 'leave out slices that are wrong instead of refusing the data', false)
    .option('--freeze-batch-norm', 'keep running statistics as they are (fine-tuning with small batches)', false)
    .option(
      '--freeze <name>',
      'do not train parameters whose names begin so, e.g. resnet.; repeat for several',
      several,
      [],
    )
    .option('--recompute', 'compute maps again instead of keeping them: half the memory, a third more work', false)
    .addOption(
      choice(
        '--precision <kind>',
        'exact: the least noisy algorithms; fast: all that end in the same curves',
        PRECISIONS,
      ),
    )
    .option('--snapshot-every <steps>', 'keep the state also within epochs; 0: only after each', integer(0), 0)
    .option('--samples <n>', 'validation slices whose overlays are kept by epoch', integer(0, 64), 4)
    .option('--snapshot-epochs <epochs>', 'epochs between states; each holds weights and optimiser', integer(1), 1)
    .option('--multi-class', 'train the U-Net of the second stage: Imgs, GT with class maps, Prior', false)
    .option('--semi', 'semi-supervised: label slices of --unlabelled with the net, and learn from them', false)
    .option('--unlabelled <folder>', 'slices (Imgs) without masks')
    .addOption(
      choice('--strategy <kind>', 'random: as the paper; confidence: the surest first; mean-teacher', STRATEGIES),
    )
    .option('--group <n>', 'unlabelled slices per round (confidence: the pool)', integer(1), 5)
    .option('--accept <share>', 'confidence: share of the pool that gets its label', fractionOrOne, 0.5)
    .option('--round-epochs <n>', 'epochs after each round', integer(0), 9)
    .option('--round-lr <rate>', 'learning rate of the rounds', above(0), 3e-4)
    .option('--max-rounds <n>', 'rounds at most; 0: until all slices are used', integer(0), 0)
    .option('--teacher-epochs <n>', 'mean-teacher: epochs of its round', integer(1), 30)
    .option(
      '--pseudo-epochs <n>',
      'then on all pseudo labels and the labelled slices; 0: not (default: --epochs)',
      integer(0),
    )
    .addOption(choice('--pseudo-start <from>', 'that stage begins with first weights, or goes on', STARTS))
    .option('--finetune-epochs <n>', 'at last on the labelled slices; 0: not (default: --epochs)', integer(0))
    .addOption(
      choice('--labels <kind>', 'pseudo labels stretched to full contrast as released, or probabilities', LABELS),
    )
    .addOption(adapterOption())
    .addOption(tuningOption())
    .option('--json', 'print one JSON document on stdout at the end', false)
    .addHelpText('after', HELP)
    .action(async (options: Omit<TrainOptions, 'given'>, command: Command) => {
      needs(command, 'out');
      const given = givenOptions(command);
      const { train } = await import('./train.js');
      done(await train({ ...options, given }, io));
    });
}
