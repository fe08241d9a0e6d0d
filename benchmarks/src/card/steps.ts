/**
 * The steps of a run on a machine with a card: the time of each, and its commands. A machine that is lent for ten
 * minutes is gone after ten minutes, with everything that was not written by then; so each step may take at most what
 * the later ones can spare, and is left out below what it needs to be of any use.
 */
import { join } from 'node:path';
import { PRECISIONS } from '../peers/cases.js';

/** Seconds of a run from the start of unpacking to the last byte written. */
export const TOTAL = 540;

/** In seconds. */
export interface Step {
  readonly name: string;
  /** The step is ended after so many. */
  readonly limit: number;
  /** Below that it does not begin. */
  readonly minimum: number;
  /** What earlier steps must leave for it. */
  readonly reserve: number;
}

export const STEPS: readonly Step[] = [
  { name: 'doctor', limit: 40, minimum: 5, reserve: 10 },
  { name: 'tests', limit: 150, minimum: 10, reserve: 60 },
  { name: 'layers', limit: 190, minimum: 10, reserve: 75 },
  { name: 'tune', limit: 60, minimum: 10, reserve: 15 },
  { name: 'matrix', limit: 40, minimum: 8, reserve: 12 },
  { name: 'compare', limit: 400, minimum: 20, reserve: 160 },
  { name: 'table', limit: 10, minimum: 0, reserve: 10 },
];

/** Steps shortened alike, for a machine that is slow or a run that is only a rehearsal. */
export function scaled(steps: readonly Step[], total: number): Step[] {
  const f = total / TOTAL;
  return steps.map(({ name, limit, minimum, reserve }) => ({
    name,
    limit: limit * f,
    minimum: minimum * f,
    reserve: reserve * f,
  }));
}

/** Seconds that the step `name`, one of `steps` in their order, may take now; 0 means that it is left out. */
export function allowance(
  steps: readonly Step[],
  name: string,
  { total, elapsed }: { readonly total: number; readonly elapsed: number },
): number {
  const index = steps.findIndex((step) => step.name === name);
  const step = steps[index];
  if (step === undefined) throw new Error(`no step is called ${name}`);
  const reserved = steps.slice(index + 1).reduce((sum, { reserve }) => sum + reserve, 0);
  const seconds = Math.min(step.limit, total - elapsed - reserved);
  return seconds < step.minimum || seconds <= 0 ? 0 : seconds;
}

export interface CommandOptions {
  /** The unpacked bundle. */
  readonly root: string;
  /** Where figures go. */
  readonly work: string;
  readonly size: number;
  readonly quick: boolean;
  readonly python: string;
  /** Whether the run is for a card: else PyTorch's CPU stands in for its CUDA. */
  readonly onCard?: boolean;
}

/** The commands of each step, in order, given the seconds they have. Figures of a step go to its folder in `work`. */
export function commands(options: CommandOptions): Readonly<Record<string, (seconds: number) => string[][]>> {
  const { root, work, size, quick, python, onCard = true } = options;
  const infnet = [process.execPath, join(root, 'node_modules/@infnet/cli/bin/infnet.js')];
  const config = join(root, 'benchmarks/gpu/vitest.config.mjs');
  const vitest = [process.execPath, join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--config', config];
  const hurried = quick ? ['--quick'] : [];
  const peers = (step: string, seconds: number, ...args: readonly (string | number)[]): string[] => [
    ...[process.execPath, join(root, 'node_modules/@infnet/benchmarks/dist/main.js'), '--peers', '--size', `${size}`],
    ...['--out', join(work, step), '--seconds', `${Math.max(1, Math.floor(seconds))}`, ...hurried, ...args.map(String)],
  ];
  const layers = (batch: number, runs: number, seconds: number): string[] => {
    const only = onCard ? 'infnet,cudnn,cudnn-tf32' : 'infnet,torch-cpu';
    return peers('layers', seconds, '--parts', 'gradients', '--only', only, '--batch', batch, '--runs', runs);
  };
  const nets = ['infnet', 'infnet-exact', 'infnet-tuned', ...(onCard ? ON_CARD : ['torch-cpu'])].join(',');
  return {
    doctor: () => [
      [...infnet, 'doctor', '--json'],
      ['nvidia-smi', '--query-gpu=name,memory.total,driver_version,clocks.sm,clocks.max.sm', '--format=csv'],
      [python, '-c', 'import torch; print(torch.__version__, torch.backends.cudnn.version())'],
    ],
    tests: () => [[...vitest, ...(quick ? QUICK_TESTS : [])]],
    layers: (seconds) => (quick ? [layers(1, 1, seconds)] : [layers(1, 5, seconds / 2), layers(8, 3, seconds / 2 - 3)]),
    tune: () => [
      [...infnet, 'tune', '--size', `${size}`, '--rounds', quick ? '1' : '5', '--out', join(work, 'tuning.json')],
    ],
    matrix: (seconds) => [peers('matrix', seconds, '--parts', 'matrix', '--only', PRECISIONS.join(','))],
    compare: (seconds) => [peers('compare', seconds - 3, '--parts', 'card', '--only', nets, '--runs', quick ? 2 : 15)],
  };
}

const ON_CARD = ['torch-fp32', 'torch-cuda', 'torch-compile'];

/** Tests that a rehearsal runs: small, and of every kind (goldens, properties, bad input). */
const QUICK_TESTS = ['conv-block', 'edge-attention', 'reverse-attention'].map((name) => `packages/${name}/`);
