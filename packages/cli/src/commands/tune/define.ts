/** The options of `infnet tune` and their help. */
import type { Command } from 'commander';
import { EXIT, type Io } from '../../io.js';
import { above, adapterOption, backboneOption, integer, needs, precisionOption, taskOption } from '../../options.js';
import type { TuneCommandOptions } from './options.js';

const HELP = `
Every convolution of the net, one by one, by every algorithm and tile that this device can do: checked against the usual choice, timed
by turns. At last the whole net runs without and with the choices, and they are kept only if that is faster. The file goes into
  infnet segment|evaluate|pseudo-label|train --tuning FILE
and holds for the adapter, sizes and batch it was made for; other shapes are computed as usual. Other algorithms round
differently: with a tuning, results may differ in their last bits from those without.

Exit codes: ${EXIT.ok} written (also when nothing faster was found), ${EXIT.setUp} wrong usage or set-up, ${EXIT.interrupted} stopped by Ctrl-C`;

export function addTune(program: Command, io: Io, done: (code: number) => void): void {
  program
    .command('tune')
    .summary('find the fastest kernels for this adapter')
    .description("Finds the fastest algorithms for Inf-Net's convolutions on this adapter and writes them to a file.")
    .option('--out <file>', 'required; the .json file to write')
    .option('--size <pixels>', "the net's input size, a multiple of 32 (VGG-16: 16)", integer(16, 4096), 352)
    .option('--batch <n>', 'slices per run of the net', integer(1, 1024), 1)
    .addOption(backboneOption())
    .option('--width <factor>', 'multiplies the channels, for smaller nets', above(0), 1)
    .option('--channels <n>', "channels of the decoder's inputs", integer(1), 32)
    .option('--training', 'tune a training step (forward, gradients, Adam) instead of the forward', false)
    .option('--rounds <n>', 'timings of each candidate', integer(1, 1000), 5)
    .addOption(taskOption())
    .addOption(adapterOption())
    .addOption(precisionOption())
    .option('--json', 'print the file on stdout too', false)
    .addHelpText('after', HELP)
    .action(async (options: TuneCommandOptions, command: Command) => {
      needs(command, 'out');
      const { tuneNet } = await import('./tune.js');
      done(await tuneNet(options, io));
    });
}
