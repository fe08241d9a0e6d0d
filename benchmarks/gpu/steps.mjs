/** The steps of a run on the machine: the commands of each, in order. Paths are those of the unpacked bundle. */
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

/** Tests that a rehearsal runs: small, and of every kind (goldens, properties, bad input). */
const QUICK_TESTS = /^(conv-block|edge-attention|reverse-attention)\./;

/**
 * @param {{ root: string, work: string, size: number, quick: boolean, python: string }} options `root`: the unpacked bundle;
 *   `work`: where figures go
 * @returns {Record<string, (seconds: number) => string[][]>} commands by step, given the seconds they have
 */
export function commands({ root, work, size, quick, python }) {
  const node = process.execPath;
  const infnet = [node, join(root, 'node_modules/@infnet/cli/bin/infnet.js')];
  const bench = [node, join(root, 'node_modules/@infnet/benchmarks/dist/main.js')];
  const script = (name) => [node, join(root, 'gpu', name)];
  const layers = (batch, runs) => [
    ...bench,
    '--gradients',
    '--size',
    `${size}`,
    '--batch',
    `${batch}`,
    '--runs',
    `${runs}`,
    '--out',
    work,
  ];
  return {
    doctor: () => [
      [...infnet, 'doctor', '--json'],
      ['nvidia-smi', '--query-gpu=name,memory.total,driver_version,clocks.sm,clocks.max.sm', '--format=csv'],
    ],
    tests: () => [testCommand(node, root, quick)],
    ceilings: () => [script('ceilings.mjs')],
    layers: () => (quick ? [layers(1, 1)] : [layers(1, 5), layers(8, 3)]),
    cudnn: (seconds) => [[python, script('torch_layers.py')[1], work, '--seconds', `${Math.max(1, seconds - 10)}`]],
    tune: () => [
      [...infnet, 'tune', '--size', `${size}`, '--rounds', quick ? '1' : '5', '--out', join(work, 'tuning.json')],
    ],
    matrix: () => [[...script('matrix.mjs'), '--size', `${size}`, ...(quick ? ['--quick'] : [])]],
    compare: (seconds) => [
      [
        ...script('compare.mjs'),
        ...['--seconds', `${Math.max(1, seconds - 3)}`, '--size', `${size}`, '--out', work, '--python', python],
        ...(quick ? ['--quick', '--rounds', '2'] : []),
      ],
    ],
  };
}

/** A few files at a time: each opens a device of its own. */
function testCommand(node, root, quick) {
  const all = readdirSync(join(root, 'tests')).filter((name) => name.includes('.test.'));
  const files = quick ? all.filter((name) => QUICK_TESTS.test(name)) : all;
  const parallel = Math.max(1, Math.min(8, Math.floor(availableParallelism() / 2)));
  const options = ['--test', `--test-concurrency=${parallel}`, '--test-reporter', join(root, 'gpu', 'reporter.mjs')];
  return [node, ...options, ...files.sort().map((name) => join(root, 'tests', name))];
}
