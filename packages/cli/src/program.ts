/** All commands. What a command does is loaded when it runs, so that `--help` is quick. */
import { Command, InvalidArgumentError } from 'commander';
import { addCommand } from './command.js';
import { EVALUATE } from './commands/evaluate/define.js';
import { EXPORT } from './commands/export/options.js';
import type { KernelsOptions } from './commands/kernels.js';
import { PSEUDO_LABEL } from './commands/pseudo-label/options.js';
import { SEGMENT } from './commands/segment/define.js';
import { DOCTOR, PHANTOM, WEIGHTS } from './commands/small.js';
import { TRAIN } from './commands/train/define.js';
import { TUNE } from './commands/tune/options.js';
import { EXIT_CODES } from './exit-codes.js';
import type { Io } from './io.js';
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
  addCommand(program, SEGMENT, async (options, paths) => {
    const { segment } = await import('./commands/segment/segment.js');
    done(await segment({ ...options, paths }, io));
  });
  addCommand(program, TRAIN, async (options) => {
    const { train } = await import('./commands/train/train.js');
    done(await train(options, io));
  });
  addCommand(program, PSEUDO_LABEL, async (options) => {
    const { pseudoLabel } = await import('./commands/pseudo-label/pseudo-label.js');
    done(await pseudoLabel(options, io));
  });
  addCommand(program, EVALUATE, async (options) => {
    const { evaluate } = await import('./commands/evaluate/evaluate.js');
    done(await evaluate(options, io));
  });
  addCommand(program, EXPORT, async (options) => {
    const { exportNet } = await import('./commands/export/export.js');
    done(await exportNet(options, io));
  });
  addCommand(program, TUNE, async (options) => {
    const { tuneNet } = await import('./commands/tune/tune.js');
    done(await tuneNet(options, io));
  });
  addCommand(program, DOCTOR, async (options) => {
    const { doctor } = await import('./commands/doctor.js');
    done(await doctor(options, io));
  });
  addKernels(program, io, done);
  addCommand(program, PHANTOM, async (options) => {
    const { phantom } = await import('./commands/phantom.js');
    done(await phantom(options, io));
  });
  addCommand(program, WEIGHTS, async (options) => {
    const { weights } = await import('./commands/weights.js');
    done(await weights(options, io));
  });
  return program;
}

/** No kind of option is a constant of a kernel. */
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

/** Collects `NAME=INTEGER`, for an option that is given several times. */
function definition(text: string, before: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  const match = /^(\w+)=(-?\d+)$/.exec(text);
  if (match === null) throw new InvalidArgumentError('Give NAME=INTEGER.');
  return { ...before, [match[1] as string]: Number(match[2]) };
}
