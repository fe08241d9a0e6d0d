/** All commands with their options and help. What a command does is loaded when it runs, so that `--help` is quick. */
import { Command, Option } from 'commander';
import type { DoctorOptions } from './commands/doctor.js';
import { addEvaluate } from './commands/evaluate/define.js';
import { addExport } from './commands/export/define.js';
import type { KernelsOptions } from './commands/kernels.js';
import type { PhantomCommandOptions } from './commands/phantom.js';
import { addPseudoLabel } from './commands/pseudo-label/define.js';
import { addSegment } from './commands/segment/define.js';
import { addTrain } from './commands/train/define.js';
import { addTune } from './commands/tune/define.js';
import type { WeightsCommandOptions } from './commands/weights.js';
import { EXIT_CODES } from './exit-codes.js';
import { EXIT, type Io } from './io.js';
import { adapterOption, backboneOption, definition, fractionOrOne, integer, needs, share } from './options.js';
import { version } from './version.js';

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
    .addOption(backboneOption())
    .option('--width <factor>', 'multiplies the channels, for small nets', fractionOrOne, 1)
    .option('--json', 'print one JSON document on stdout')
    .action(async (options: WeightsCommandOptions, command: Command) => {
      needs(command, 'out');
      const { weights } = await import('./commands/weights.js');
      done(await weights(options, io));
    });
}
