/**
 * The run on a borrowed card, short of the card: what is packed, how time is dealt, how tests are told, how figures
 * become a table.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { root, tool } from '../../scripts/tools.mjs';
import { assertSize, chooseGoldens, isRuntimeFile, runtimePackages } from '../gpu/plan.mjs';
import { allowance, commands, STEPS, scaled, TOTAL } from '../src/card/steps.js';
import { checkedBesideTorch, collect, readTally, report } from '../src/card/summary.js';
import { cardCases } from '../src/peers/cases.js';
import type { CaseResult } from '../src/peers/figures.js';
import { PartClock } from '../src/peers/part-clock.js';
import type { Workload } from '../src/peers/protocol.js';
import type { PeerFigures } from '../src/peers/report.js';
import { workloadFlops } from '../src/peers/workloads.js';
import { ratioOf, summary } from '../src/statistics.js';

const gpu = fileURLToPath(new URL('../gpu/', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'infnet-gpu-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('what is packed', () => {
  it('is what runs, without source maps, types, sources and tests', () => {
    const kept = [
      'dist/index.js',
      'dist/conv.wgsl',
      'package.json',
      'LICENSE',
      'lib/codec.wasm',
      'dist/linux-x64/dawn.node',
    ];
    const left = [
      'dist/index.js.map',
      'dist/index.d.ts',
      'src/index.ts',
      'README.md',
      'test/a.js',
      'node_modules/x/a.js',
    ];
    expect([...kept, ...left].filter(isRuntimeFile)).toEqual(kept);
  });

  it('are the dependencies of dependencies, each once, without types and software adapters', () => {
    const manifests: Record<string, string[]> = {
      '@infnet/cli': ['@infnet/core', 'commander', '@infnet/swiftshader'],
      '@infnet/core': ['@infnet/errors', '@webgpu/types', 'webgpu'],
      '@infnet/errors': [],
      commander: [],
    };
    const manifestOf = (name: string) => ({
      dependencies: Object.fromEntries((manifests[name] as string[]).map((dependency) => [dependency, '1.0.0'])),
    });
    expect(runtimePackages(['@infnet/cli', '@infnet/core'], manifestOf)).toEqual([
      '@infnet/cli',
      '@infnet/core',
      '@infnet/errors',
      'commander',
    ]);
  });

  it('are goldens with their sidecars, the most telling first, as many as fit', () => {
    const files = [
      { path: 'golden/blocks/a.json', bytes: 1 },
      { path: 'golden/blocks/a.safetensors', bytes: 9 },
      { path: 'golden/nets/big.safetensors', bytes: 95 },
      { path: 'golden/nets/big.json', bytes: 10 },
      { path: 'golden/nets/small.safetensors', bytes: 50 },
      { path: 'golden/nets/small.trace.json', bytes: 2 },
      { path: 'golden/preproc/x.json', bytes: 1 },
    ];
    const small = ['golden/nets/small.safetensors', 'golden/nets/small.trace.json'];
    expect(chooseGoldens(files, 60)).toEqual(small);
    expect(chooseGoldens(files, 62)).toEqual(['golden/blocks/a.json', 'golden/blocks/a.safetensors', ...small]);
    expect(chooseGoldens(files, 51)).toEqual(['golden/blocks/a.json', 'golden/blocks/a.safetensors']);
  });

  it('is refused with every size when it is too large', () => {
    const parts = [
      { name: 'node', bytes: 24e6 },
      { name: 'goldens', bytes: 22.5e6 },
    ];
    expect(assertSize(parts, 46.5e6)).toBe(46.5e6);
    expect(() => assertSize(parts)).toThrow(/46\.5 MB, more than the 45\.0 MB .* node 24\.0 MB, goldens 22\.5 MB/);
  });

  it('are esbuild and the files of other packages that run', () => {
    expect(isRuntimeFile('@esbuild/linux-x64/bin/esbuild')).toBe(true);
    expect(isRuntimeFile('esbuild/bin/esbuild')).toBe(false);
  });

  it('is started by a script that a plain shell can read', () => {
    if (process.platform === 'win32') return;
    execFileSync('sh', ['-n', join(gpu, 'run.sh')]);
    const { status, stderr } = spawnSync('sh', [join(gpu, 'run.sh'), join(folder, 'none.tar.xz')], {
      encoding: 'utf8',
    });
    expect(status).toBe(2);
    expect(stderr).toContain('node benchmarks/gpu/pack.mjs');
  });
});

describe('the time of a run', () => {
  it.each([540, 120, 30])('is kept within %i s when every step takes all that it may', (total) => {
    const steps = scaled(STEPS, total);
    let elapsed = total / 20;
    for (const { name, minimum } of steps) {
      const seconds = allowance(steps, name, { total, elapsed });
      expect(seconds, name).toBeGreaterThanOrEqual(minimum);
      elapsed += seconds;
    }
    expect(elapsed).toBeLessThanOrEqual(total);
  });

  it('leaves out a step that has too little to be of use, and keeps what later ones need', () => {
    const steps = [
      { name: 'first', limit: 100, minimum: 20, reserve: 30 },
      { name: 'last', limit: 100, minimum: 0, reserve: 50 },
    ];
    expect(allowance(steps, 'first', { total: 100, elapsed: 0 })).toBe(50);
    expect(allowance(steps, 'first', { total: 100, elapsed: 31 })).toBe(0);
    expect(allowance(steps, 'last', { total: 100, elapsed: 31 })).toBe(69);
    expect(allowance(steps, 'last', { total: 100, elapsed: 101 })).toBe(0);
    expect(() => allowance(steps, 'other', { total: 1, elapsed: 0 })).toThrow('no step is called other');
  });

  it('has room for the comparison after everything else took its limit', () => {
    const before = STEPS.slice(
      0,
      STEPS.findIndex(({ name }) => name === 'compare'),
    );
    const elapsed = before.reduce((sum, { limit }) => sum + limit, 0);
    expect(allowance(STEPS, 'compare', { total: TOTAL, elapsed: Math.min(elapsed, TOTAL - 170) })).toBe(160);
  });
});

describe('the commands of a run', () => {
  const options = { root: folder, work: '/figures', size: 352, quick: false, python: 'python9' };

  it('are one for each step', () => {
    expect(STEPS.map(({ name }) => name).filter((name) => name !== 'table')).toEqual(Object.keys(commands(options)));
  });

  it('measure layers beside cuDNN, nets beside PyTorch, and matrix units, each into a folder of its own', () => {
    const card = commands(options);
    const [one, eight] = card['layers']?.(100) ?? [];
    expect(one?.join(' ')).toContain(
      '--peers --size 352 --out /figures/layers --seconds 50 --parts gradients --only infnet,cudnn,cudnn-tf32 --batch 1',
    );
    expect(eight?.join(' ')).toMatch(/--seconds 47 .*--batch 8 --runs 3$/);
    expect(card['matrix']?.(40)[0]).toContain('infnet,infnet-exact,infnet-half,infnet-matrix');
    expect(card['compare']?.(160)[0]?.join(' ')).toContain('infnet-tuned,torch-fp32,torch-cuda,torch-compile');
    const rehearsal = commands({ ...options, quick: true, onCard: false });
    expect(rehearsal['layers']?.(100)).toHaveLength(1);
    expect(rehearsal['compare']?.(160)[0]?.join(' ')).toMatch(/--quick .*infnet-tuned,torch-cpu --runs 2$/);
  });
});

describe('figures', () => {
  const peers = ['infnet', 'torch-fp32', 'torch-compile'] as const;
  const cases: readonly CaseResult[] = [
    {
      title: 'forward 1x3x352x352',
      group: 'card',
      onDevice: 3,
      workload: { kind: 'forward', net: 'inf-net', batch: 1, size: 352 },
      flops: 2e12,
      outcomes: [
        { peer: 'infnet', seconds: [1, 2, 3], device: { run: [1] }, heldBytes: 2 ** 30 },
        { peer: 'torch-fp32', seconds: [3, 3, 3], device: { run: [0.5] }, difference: 1e-6 },
        { peer: 'torch-compile', seconds: [], cannot: 'no answer\nto anything' },
      ],
    },
  ];

  it('of PyTorch without TensorFloat-32 are held against ours: another number is an error of the run', () => {
    const [first] = cases as [CaseResult];
    const outcomes = first.outcomes.map((outcome) => ({ ...outcome, difference: 0.01 }));
    const compare = (found: CaseResult) => ({ figures: { a: { results: [first, found] } as unknown as PeerFigures } });
    expect(checkedBesideTorch(compare(first))).toEqual({ compared: 2, differing: 0 });
    expect(checkedBesideTorch(compare({ ...first, outcomes }))).toEqual({ compared: 2, differing: 1 });
  });

  it('are medians with their range, and ratios of medians with those of single rounds', () => {
    expect(summary([])).toBeUndefined();
    expect(summary([4, 1, 3, 2])).toEqual({ median: 2.5, smallest: 1, largest: 4, runs: 4 });
    expect(ratioOf([3, 3, 3], [1, 2, 3])).toEqual({ median: 1.5, smallest: 1, largest: 3 });
    expect(ratioOf([3], [])).toBeUndefined();
  });

  it('are collected from logs that may have been cut off', () => {
    const logs = {
      doctor:
        '$ infnet doctor\nWarning: x\n{\n "adapter": { "message": "infnet: NVIDIA H200" }\n}\n\nname, memory.total [MiB]\nNVIDIA H200, 143771 MiB\n',
      tests: 'pass a.test.mjs: one\nskip a.test.mjs: two\nFAIL a.test.mjs: three\n    Error: 1 is not 2\npass b.te',
      compare: undefined,
    };
    const outcomes = { tests: { outcome: 'ended after its 150 s', seconds: 150 } };
    const ceilings = { infnet: { compute: 5e13, bandwidth: 4e12 } };
    const found = { peers, loaded: {}, startUp: [], settings: { batch: 1 }, ceilings, results: cases };
    const files = {
      'compare/peers-gpu-1x352.json': JSON.stringify(found),
      'matrix/peers-gpu-1x352.json': '{"cut',
      'tuning.json': '{"ver',
    };
    const results = collect({ about: { commit: 'abc' }, outcomes, logs, files, seconds: 500 });
    expect(results.tests).toEqual({ passed: 2, failed: 1, skipped: 1 });
    expect(results.failures).toEqual(['a.test.mjs: three']);
    expect(results.card).toBe('NVIDIA H200, 143771 MiB');
    expect(Object.keys(results.figures)).toEqual(['compare/peers-gpu-1x352.json']);
    const text = report(results).join('\n');
    expect(text).toContain('Tests: 2 passed, 1 failed, 1 skipped');
    expect(text).toContain('Float32 peak as the vendor states it: 67000 GFLOP/s');
    expect(text).toContain('Multiply-adds, measured by infnet: 50000.0 GFLOP/s');
    expect(text).toMatch(/infnet +2000 +1000 to 3000 +1000 +1\.00 +2000\.00/);
    expect(text).toMatch(/PyTorch CUDA, compiled +cannot: no answer/);
    expect(text).toContain('Checked beside PyTorch without TensorFloat-32: 1 results, 0 differ');
  });

  it('are of forward passes and training steps, at last beside torch.compile', () => {
    const found = cardCases({ size: 352, batch: 1, quick: false });
    const titles = ['forward 1', 'forward 8', 'training step 8', 'training step 24'].map((what) => `${what}x3x352x352`);
    expect(found.map(({ title }) => title)).toEqual([...titles, ...titles.map((title) => `${title}, compiled`)]);
    const card = ['infnet', 'infnet-exact', 'infnet-tuned', 'torch-fp32', 'torch-cuda', 'torch-compile'] as const;
    const takePart = (i: number): readonly string[] => card.filter((name) => found[i]?.only?.includes(name));
    expect(takePart(0)).toEqual(card.slice(0, 5));
    expect(takePart(2)).toEqual(['infnet', 'infnet-exact', 'torch-fp32', 'torch-cuda']);
    expect(takePart(7)).toEqual(['infnet', 'torch-compile']);
    const [forward, step] = [found[0]?.workload, found[2]?.workload] as [Workload, Workload];
    expect(workloadFlops(step)).toBe(3 * 8 * workloadFlops(forward));
  });

  it('have time by their weight: half for what is compiled', () => {
    const found = cardCases({ size: 352, batch: 1, quick: false });
    let now = 0;
    const clock = new PartClock(180, [1], () => now);
    clock.nextPart(found.reduce((sum, { weight = 1 }) => sum + weight, 0));
    const shares = found.map(({ weight }, i) => {
      clock.nextCase(i === 0, weight);
      const share = clock.patience();
      now += share;
      return share;
    });
    expect(shares).toEqual([30, 30, 30, 30, 15, 15, 15, 15]);
  });
});

describe('the tests on a bare machine', () => {
  const files = {
    'core/test/a.test.ts': `
      import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
      import { isLong } from '@infnet/testing';
      it('is given fixtures', () => expect(Object.keys(inject('fixtures').files).length).toBeGreaterThan(9));
      it('runs what is long', () => expect(isLong).toBe(true));
      it.skipIf(true)('is skipped', () => { throw new Error('it ran'); });
      it('skips where a condition holds', ({ skip }) => { skip(true, 'reason'); throw new Error('it ran'); });
      it('fails', () => expect(0.1 + 0.2).toBe(0.3));
      describe('hooks', () => {
        afterAll(() => { throw new Error('at the end'); });
        it('come later', () => {});
      });`,
    'core/test/b.test.ts': `throw new Error('at once');`,
    'core/test/c.browser.test.ts': `throw new Error('it was loaded');`,
  };

  it('are those of Node, with a line for each, and whatever fails outside of them', () => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, 'packages', name)), { recursive: true });
      writeFileSync(join(folder, 'packages', name), text);
    }
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
    const vitest = [tool('vitest'), 'run', '--root', folder, '--config', join(gpu, 'vitest.config.mjs')];
    const { stdout } = spawnSync(process.execPath, vitest, {
      encoding: 'utf8',
      env: { ...process.env, INFNET_LONG_TESTS: '1' },
    });
    expect(stdout).toMatch(/FAIL .*fails\n +AssertionError: expected 0\.30000000000000004 to be 0\.3/);
    expect(stdout).toMatch(/FAIL .*core\/test\/a.test.ts: hooks\n +Error: at the end/);
    expect(stdout).toMatch(/FAIL .*core\/test\/b.test.ts: outside of its tests\n +Error: at once/);
    expect(readTally(stdout), stdout).toEqual({ passed: 3, failed: 3, skipped: 2 });
  });
});
