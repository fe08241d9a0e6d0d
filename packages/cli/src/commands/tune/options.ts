/** `infnet tune`: its options and its help. */
import { type OptionTable, TRAIN_OPTIONS } from '@infnet/segmentation/options';
import type { Asked, Definition } from '../../command.js';
import { EXIT } from '../../io.js';
import { ADAPTER_ROW, BATCH_ROW, PRECISION_ROW, TASK_ROW } from '../../options.js';

const OPTIONS = {
  out: { kind: 'text', settled: true, help: 'required; the .json file to write' },
  size: TRAIN_OPTIONS.size,
  batch: BATCH_ROW,
  backbone: TRAIN_OPTIONS.backbone,
  width: {
    kind: 'number',
    value: 'factor',
    above: 0,
    default: 1,
    help: 'multiplies the channels, for smaller nets',
  },
  channels: { kind: 'whole', least: 1, default: 32, help: "channels of the decoder's inputs" },
  training: { kind: 'flag', help: 'tune a training step (forward, gradients, Adam) instead of the forward' },
  rounds: { kind: 'whole', least: 1, most: 1000, default: 5, help: 'timings of each candidate' },
  task: TASK_ROW,
  adapter: ADAPTER_ROW,
  precision: PRECISION_ROW,
  json: { kind: 'flag', help: 'print the file on stdout too' },
} as const satisfies OptionTable;

export type TuneOptions = Asked<typeof OPTIONS>;

const HELP = `
Every convolution of the net, one by one, by every algorithm and tile that this device can do: checked against the usual choice, timed
by turns. At last the whole net runs without and with the choices, and they are kept only if that is faster. The file goes into
  infnet segment|evaluate|pseudo-label|train --tuning FILE
and holds for the adapter, sizes and batch it was made for; other shapes are computed as usual. Other algorithms round
differently: with a tuning, results may differ in their last bits from those without.

Exit codes: ${EXIT.ok} written (also when nothing faster was found), ${EXIT.setUp} wrong usage or set-up, ${EXIT.interrupted} stopped by Ctrl-C`;

export const TUNE: Definition<typeof OPTIONS> = {
  name: 'tune',
  summary: 'find the fastest kernels for this adapter',
  description: "Finds the fastest algorithms for Inf-Net's convolutions on this adapter and writes them to a file.",
  options: OPTIONS,
  needs: ['out'],
  help: HELP,
};
