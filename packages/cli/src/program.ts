/** All commands with their options and help. What a command does is loaded when it runs, so that `--help` is quick. */
import { Argument, Command, Option } from 'commander';
import type { DoctorOptions } from './commands/doctor.js';
import { addEvaluate } from './commands/evaluate/define.js';
import { addExport } from './commands/export/define.js';
import type { KernelsOptions } from './commands/kernels.js';
import type { PhantomCommandOptions } from './commands/phantom.js';
import { addPseudoLabel } from './commands/pseudo-label/define.js';
import type { SegmentOptions } from './commands/segment/options.js';
import { sliceOrientation, volumeWindow } from './commands/segment/window.js';
import { addTrain } from './commands/train/define.js';
import { addTune } from './commands/tune/define.js';
import type { WeightsCommandOptions } from './commands/weights.js';
import { EXIT, type Io } from './io.js';
import {
  adapterOption,
  BACKBONES,
  definition,
  fraction,
  fractionOrOne,
  givenOptions,
  integer,
  needs,
  precisionOption,
  range,
  share,
  tuningOption,
  weightsKeyOption,
} from './options.js';
import { version } from './version.js';

const EXIT_CODES = `
Exit codes:
  ${EXIT.ok}    all done
  ${EXIT.someFailed}    some files failed, the others were done
  ${EXIT.setUp}    wrong usage or set-up: nothing was done
  ${EXIT.interrupted}  stopped by Ctrl-C; files already written stay and are whole`;

/** @param done gets the exit code of the command that ran */
export function makeProgram(io: Io, done: (code: number) => void): Command {
  const program = new Command('infnet')
    .description(
      'Segment infected lung regions in CT slices with Inf-Net on WebGPU, and train it. Research software, not a diagnostic device.',
    )
    .version(version())
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.stdout.write(text), writeErr: (text) => io.stderr.write(text) })
    .showSuggestionAfterError()
    .showHelpAfterError('(add --help for the options)')
    .addHelpText('after', EXIT_CODES);
  addSegment(program, io, done);
  addTrain(program, io, done);
  addPseudoLabel(program, io, done);
  addEvaluate(program, io, done);
  addExport(program, io, done);
  addTune(program, io, done);
  addDoctor(program, io, done);
  addKernels(program, io, done);
  addPhantom(program, io, done);
  addWeights(program, io, done);
  return program;
}

function addSegment(program: Command, io: Io, done: (code: number) => void): void {
  program
    .command('segment')
    .summary('segment slices and volumes')
    .description(
      'Segments CT slices (PNG or JPEG, 8 or 16 bit, grey or RGB) and volumes (NIfTI, .nii or .nii.gz). A folder stands for ' +
        'its .png, .jpg, .jpeg, .nii and .nii.gz files (not those of its subfolders). For each slice three pictures of its own ' +
        'size are written: <stem>.prob.png, <stem>.mask.png (0/255), <stem>.overlay.png; for each volume <stem>.prob.nii.gz and ' +
        '<stem>.mask.nii.gz (0/1) on its own grid, and <stem>.overlay.png with up to 12 slices; for all together summary.csv.',
    )
    .addArgument(new Argument('<paths...>', 'slices, volumes, or folders of them'))
    .option('--weights <file>', "required; checkpoint: .pth (PyTorch's, read without running it) or .safetensors")
    .addOption(weightsKeyOption())
    .option('--out <folder>', 'required; where results go; made if missing')
    .option('--size <pixels>', "the net's input size, a multiple of 32 (VGG-16: 16)", integer(16, 4096), 352)
    .addOption(
      new Option('--format <kind>', 'npy adds <stem>.logits.npy: lateral map 2, float32, [1, 1, size, size]')
        .choices(['png', 'npy'])
        .default('png'),
    )
    .option('--json', 'print one JSON document on stdout and nothing else there')
    .option('--threshold <p>', 'the mask is where the probability is at least this', fraction, 0.5)
    .option(
      '--stretch',
      "stretch each slice's probabilities to 0..1 as the released test code does, also where nothing is infected",
    )
    .option(
      '--range <range>',
      '16-bit slices: which values become black and white: full, minmax or LOW,HIGH',
      range,
      'full',
    )
    .option(
      '--window <window>',
      'volumes: which values become black and white: lung (-1350,150 Hounsfield units), minmax or LOW,HIGH',
      volumeWindow,
      'lung',
    )
    .option(
      '--orient <how>',
      "volumes: how slices lie for the net: released (on their side, the spine at the right, as the released slices), upright, or where right and down lead, e.g. PL; by the volume's affine. transposed, as-stored: whatever the affine says",
      sliceOrientation,
      'released',
    )
    .option('--batch <n>', 'slices per run of the net', integer(1, 1024), 1)
    .addOption(
      new Option('--backbone <name>', 'which backbone the weights are of (default: told from their keys)').choices(
        BACKBONES,
      ),
    )
    .addOption(adapterOption())
    .addOption(tuningOption())
    .addOption(precisionOption())
    .option(
      '--multi-class',
      'tell ground-glass from consolidation: --weights are of the U-Net of infnet train --multi-class',
    )
    .option(
      '--priors <folder>',
      'multi-class: where the slices are infected, as <stem>.prob.png, <stem>.mask.png or <stem>.png',
    )
    .option('--prior-weights <file>', "multi-class: Inf-Net's weights, which say it instead")
    .addOption(weightsKeyOption('--prior-weights'))
    .option('--prior-size <pixels>', "multi-class: Inf-Net's input size (default: --size)", integer(16, 4096))
    .addOption(
      new Option('--class-format <kind>', 'multi-class: colours, or greys 0, 1, 2, or the released greys 0, 38, 75')
        .choices(['palette', 'grey', 'released'])
        .default('palette'),
    )
    .addOption(
      new Option(
        '--channel-order <order>',
        "multi-class: what the net's channels mean (default: as the file says)",
      ).choices(['classes', 'as-released']),
    )
    .option('--no-time', 'leave the seconds out of summary.csv, so that two runs give identical bytes there too')
    .addHelpText(
      'after',
      `
Probability: sigmoid of lateral map 2, brought bilinearly to the slice's size. It is written as it is (0..1 onto 0..255),
not stretched, so that a slice without infection stays dark; --stretch does what the paper's figures were made with.
Results of an earlier run are overwritten; nothing else in the folder is touched.

With --multi-class, <stem>.classes.png (0 background, 1 ground-glass, 2 consolidation) and <stem>.overlay.png (ground-glass red,
consolidation green) are written, and <stem>.prior.png where Inf-Net made it.
${EXIT_CODES}`,
    )
    .action(async (paths: string[], options: Omit<SegmentOptions, 'paths' | 'given'>, command: Command) => {
      needs(command, 'weights', 'out');
      const { segment } = await import('./commands/segment/segment.js');
      done(await segment({ ...options, paths, given: givenOptions(command) }, io));
    });
}

function addDoctor(program: Command, io: Io, done: (code: number) => void): void {
  program
    .command('doctor')
    .summary('say what this machine offers, and mend it')
    .description(
      'Shows adapters, limits and features, computes a convolution on the adapter and compares it with JavaScript, and says how to fix what is missing.',
    )
    .option(
      '--json',
      'print one JSON document on stdout: healthy, adapter, limits, features, kernel, findings, machine',
    )
    .addOption(adapterOption())
    .addHelpText('after', `\nExit codes: ${EXIT.ok} healthy, ${EXIT.setUp} not.`)
    .action(async (options: DoctorOptions) => {
      const { doctor } = await import('./commands/doctor.js');
      done(await doctor(options, io));
    });
}

function addKernels(program: Command, io: Io, done: (code: number) => void): void {
  program
    .command('kernels')
    .summary('list the kernels, or print one')
    .description(
      'Lists every WGSL kernel with its mathematics; --print shows the text that really runs, with the constants compiled in.',
    )
    .option('--print <name>', 'print this kernel, e.g. conv/gemm')
    .option('-D, --define <name=value>', 'a compile-time constant for --print; repeat for several', definition, {})
    .option('--json', 'print one JSON document on stdout')
    .addHelpText(
      'after',
      '\nWithout --define, --print takes the constants that Inf-Net (Res2Net-50, 352 x 352) compiles in first, if it uses the kernel.',
    )
    .action(async (options: KernelsOptions) => {
      const { kernels } = await import('./commands/kernels.js');
      done(await kernels(options, io));
    });
}

function addPhantom(program: Command, io: Io, done: (code: number) => void): void {
  program
    .command('phantom')
    .summary('make slices to try things out with')
    .description(
      'Writes synthetic lung CT slices as PNG into a folder, and their exact masks into its subfolder masks. No patient is in them.',
    )
    .option('--out <folder>', 'required; where they go; made if missing')
    .option('--count <n>', 'how many', integer(1, 100_000), 4)
    .option('--seed <n>', 'the same seed gives the same bytes', integer(0, 2 ** 31), 1)
    .addOption(
      new Option('--layout <kind>', 'slices with a folder masks; a data set to train on (Imgs, GT); unlabelled (Imgs)')
        .choices(['slices', 'dataset', 'unlabelled'])
        .default('slices'),
    )
    .addOption(
      new Option(
        '--kind <kind>',
        'masks of the infection; or class maps (ground-glass, consolidation) with the infection beside them (priors, Prior)',
      )
        .choices(['infection', 'multi-class'])
        .default('infection'),
    )
    .option(
      '--burden <share>',
      'infected share of the lungs, the same for all (default: varies, and some are healthy)',
      share,
    )
    .option('--json', 'print one JSON document on stdout')
    .action(async (options: PhantomCommandOptions, command: Command) => {
      needs(command, 'out');
      const { phantom } = await import('./commands/phantom.js');
      done(await phantom(options, io));
    });
}

function addWeights(program: Command, io: Io, done: (code: number) => void): void {
  program
    .command('weights')
    .summary('make untrained weights to try things out with')
    .description(
      'Writes freshly initialised, UNTRAINED weights of Inf-Net: good for trying the commands, their masks mean nothing.',
    )
    .option('--out <file>', 'required; the .safetensors file to write')
    .option('--seed <n>', 'the same seed gives the same bytes', integer(0, 2 ** 31), 1)
    .addOption(new Option('--backbone <name>', 'which backbone').choices(BACKBONES).default('res2net50'))
    .option('--width <factor>', 'multiplies the channels, for small nets', fractionOrOne, 1)
    .option('--json', 'print one JSON document on stdout')
    .action(async (options: WeightsCommandOptions, command: Command) => {
      needs(command, 'out');
      const { weights } = await import('./commands/weights.js');
      done(await weights(options, io));
    });
}
