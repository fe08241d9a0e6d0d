/** What PyTorch is asked for: cuDNN's table short of the card, with PyTorch's CPU kernels where it is installed. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { type CudnnLayers, cudnnTable, type OwnLayers } from '../src/card/layer-tables.js';
import { commands, STEPS } from '../src/card/steps.js';
import { collect, report } from '../src/card/summary.js';
import { largestDifference } from '../src/peers/alternate.js';
import { Answerer } from '../src/peers/answerer.js';
import { InfnetPeer } from '../src/peers/infnet.js';
import type { Prepared, Request, Workload } from '../src/peers/protocol.js';
import { graphToJson } from '../src/peers/torch/graph-to-json.js';
import { TorchPeer } from '../src/peers/torch/peer.js';
import { traceWorkload } from '../src/peers/workloads.js';

const python = process.env['INFNET_PYTHON'] ?? 'python3';
const script = fileURLToPath(new URL('../python/torch_layers.py', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'infnet-cudnn-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function python3(code: string): string | undefined {
  const { status, stdout } = spawnSync(python, ['-c', code], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

const torch = python3('import torch; print(torch.cuda.is_available())');
const needsTorch = torch === undefined ? ` (${python} has no PyTorch; INFNET_PYTHON names another)` : '';
const needsNoCard = needsTorch === '' && torch === 'True' ? ' (there is a card)' : needsTorch;

const pass = { milliseconds: { median: 2 } };
const layer = (label: string, count: number, extra: object): OwnLayers['layers'][number] => ({
  label,
  count,
  gflop: 0.001,
  passes: { forward: pass, inputGradient: pass, weightGradient: pass },
  ...extra,
});
const sizes = { stride: [2, 1], dilation: [1, 2], groups: 1, padding: [1, 2, 1, 2] };
/** As `bench --gradients` writes it: the first layer reads the image. */
const table = {
  batch: 2,
  size: 64,
  layers: [
    layer('stem', 1, {
      passes: { forward: pass, weightGradient: pass },
      shape: { ...sizes, input: [2, 3, 9, 8], weight: [4, 3, 3, 3] },
    }),
    layer('grouped', 3, { shape: { ...sizes, groups: 2, input: [2, 6, 7, 6], weight: [4, 3, 3, 3] } }),
    layer('impossible', 2, { shape: { ...sizes, input: [2, 5, 7, 6], weight: [4, 3, 3, 3] } }),
  ],
};
writeFileSync(join(folder, 'gradients-gpu-2x64.json'), JSON.stringify(table));

const figures = (): CudnnLayers => JSON.parse(readFileSync(join(folder, 'cudnn-2x64.json'), 'utf8')) as CudnnLayers;

describe('the convolutions by cuDNN', () => {
  it.skipIf(needsNoCard !== '')(`cannot be measured without a card, and the file says why${needsNoCard}`, () => {
    execFileSync(python, [script, folder]);
    expect(figures()).toEqual({ batch: 2, size: 64, cannot: expect.stringMatching(/^PyTorch \d.* no CUDA device$/) });
    expect(cudnnTable(table, figures())).toEqual([
      expect.stringMatching(/^Convolutions beside cuDNN, batch 2 at 64: cannot: PyTorch \d.* sees no CUDA device$/),
    ]);
  });

  it.skipIf(needsTorch !== '')(`are timed pass by pass, checked, and an error is a figure${needsTorch}`, () => {
    execFileSync(python, [script, folder, '--device', 'cpu', '--rounds', '2']);
    const found = figures();
    expect(found).toMatchObject({ device: 'CPU', cudnn: null, leftOut: 0 });
    const [grouped, impossible, stem] = found.layers ?? [];
    expect([grouped, impossible, stem].map((each) => each?.label)).toEqual(['grouped', 'impossible', 'stem']);
    expect(Object.keys(stem?.modes?.fp32 ?? {})).toEqual(['forward', 'weightGradient']);
    expect(grouped?.modes?.tf32['inputGradient']).toHaveLength(2);
    expect(grouped?.tf32Difference).toEqual({ forward: 0, inputGradient: 0, weightGradient: 0 });
    expect(impossible?.cannot).toMatch(/^RuntimeError: .*channels/);
    execFileSync(python, [script, folder, '--device', 'cpu', '--seconds', '0']);
    expect(figures()).toMatchObject({ layers: [], leftOut: 3 });
  });

  it.skipIf(needsTorch !== '')(`are refused without the table of shapes${needsTorch}`, () => {
    const empty = mkdtempSync(join(folder, 'empty-'));
    const { status, stderr } = spawnSync(python, [script, empty], { encoding: 'utf8' });
    expect(status).toBe(2);
    expect(stderr).toContain('no gradients-*.json');
    expect(readdirSync(empty)).toEqual([]);
  });

  it('stand beside ours: sums of what both measured, then the heaviest', () => {
    const modes = (fp32: number, tf32: number) => ({
      fp32: { forward: [fp32], inputGradient: [fp32], weightGradient: [fp32] },
      tf32: { forward: [tf32], inputGradient: [tf32], weightGradient: [tf32] },
    });
    const cudnn: CudnnLayers = {
      ...{ batch: 2, size: 64, device: 'NVIDIA H100', torch: '2.5', cudnn: 90_100, leftOut: 1 },
      layers: [
        { label: 'grouped', count: 3, gflop: 0.001, modes: modes(1e-3, 5e-4) },
        { label: 'impossible', count: 2, gflop: 0.001, cannot: 'RuntimeError: no\nmore' },
      ],
    };
    const lines = cudnnTable(table, cudnn).map((line) => line.trim().replace(/ +/g, ' '));
    expect(lines[0]).toBe('Convolutions beside cuDNN, batch 2 at 64; PyTorch 2.5 on NVIDIA H100, cuDNN 90100');
    expect(lines[3]).toBe('1 layers forward 0.5 1.0 0.50 2.0 0.25');
    expect(lines[6]).toBe('grouped, 3 times forward 0.5 1.0 0.50 2.0 0.25');
    expect(lines).toContain('impossible, 2 times forward 0.5 cannot: RuntimeError: no');
    expect(lines.at(-1)).toBe('no time for 1 lighter layers');
  });
});

describe('the run on a card', () => {
  it('measures cuDNN behind our layers, and shows both', () => {
    const list = commands({ root: '/bundle', work: '/figures', size: 352, quick: false, python: 'python9' });
    const names = Object.keys(list);
    expect(names.indexOf('cudnn')).toBeGreaterThan(names.indexOf('layers'));
    expect(STEPS.map(({ name }) => name).filter((name) => name !== 'table')).toEqual(names);
    const script = join('/bundle', 'node_modules/@infnet/benchmarks/python/torch_layers.py');
    expect(list['cudnn']?.(60)).toEqual([['python9', script, '/figures', '--seconds', '50']]);
    const forward = { gflopsPerSecond: 500 };
    const ours = {
      ...table,
      totals: { forward },
      layers: table.layers.map((each) => ({ ...each, passes: { forward: { ...forward, ...pass } } })),
    };
    const figures = {
      'gradients-gpu-2x64.json': JSON.stringify(ours),
      'cudnn-2x64.json': JSON.stringify({ batch: 2, size: 64, cannot: 'no CUDA device' }),
      'cudnn-8x64.json': JSON.stringify({ batch: 8, size: 64, cannot: 'no CUDA device' }),
    };
    const lines = report(collect({ about: {}, outcomes: {}, logs: {}, figures, seconds: 1 }));
    expect(lines.filter((line) => line.includes('cuDNN'))).toEqual([
      'Convolutions beside cuDNN, batch 2 at 64: cannot: no CUDA device',
    ]);
  });
});

const LAYER: Workload = {
  ...{ kind: 'gradients', groups: 1, stride: [2, 1], padding: [1, 1, 1, 1], dilation: [1, 1] },
  ...{ input: [1, 3, 7, 6], weight: [4, 3, 3, 3] },
};

describe('PyTorch as a peer', () => {
  const ask = <T>(peer: Answerer, name: Request['name'], argument?: Workload): Promise<T> =>
    peer.answer({ id: 0, name, argument } as Request) as Promise<T>;

  it.skipIf(needsTorch !== '')(`computes what infnet computes${needsTorch}`, async () => {
    const [ours, theirs] = [new Answerer(new InfnetPeer('exact')), new Answerer(new TorchPeer('cpu'))];
    await ask(ours, 'load');
    await ask(theirs, 'load');
    const step: Workload = { kind: 'step', net: 'inf-net', batch: 2, size: 64, ownLoss: true };
    for (const workload of [LAYER, { ...LAYER, kind: 'layer', copies: 2 } as Workload, step]) {
      const expected = await ask<Prepared>(ours, 'prepare', workload);
      const found = await ask<Prepared>(theirs, 'prepare', workload);
      expect(largestDifference(found.results, expected.results)).toBeLessThan(workload === step ? 1e-3 : 1e-5);
      expect(await ask<number>(theirs, 'sample')).toBeGreaterThan(0);
    }
  });

  it.skipIf(needsTorch !== '')(
    `gives cuDNN the convolutions alone, here with the CPU in its place${needsTorch}`,
    () => {
      const peers = fileURLToPath(new URL('../python/', import.meta.url));
      const code = [
        `import sys; sys.path.insert(0, ${JSON.stringify(peers)})`,
        'import torch_peer, torch',
        'def results(name, folder):',
        '    peer = torch_peer.Peer(name)',
        '    peer.device = "cpu"',
        '    print(peer.prepare(folder)["lengths"])',
        '    peer.run()',
        '    return open(folder + "/results.f32", "rb").read()',
        'for folder in sys.argv[1:3]: print(results("cudnn", folder) == results("cpu", folder))',
        'try: results("cudnn-tf32", sys.argv[3])',
        'except TypeError as error: print(error)',
      ];
      const chain = { kind: 'chain', length: 2 } as const;
      const workloads = [LAYER, { ...LAYER, kind: 'layer', copies: 2 } as Workload, chain];
      const folders = workloads.map((workload) => {
        const here = mkdtempSync(join(folder, 'graph-'));
        const { json, values } = graphToJson(traceWorkload(workload, { forwardOnly: true }));
        writeFileSync(join(here, 'values.f32'), values);
        writeFileSync(join(here, 'graph.json'), JSON.stringify({ kind: workload.kind, ...json }));
        return here;
      });
      const lines = execFileSync(python, ['-c', code.join('\n'), ...folders], { encoding: 'utf8' })
        .trim()
        .split('\n');
      expect(lines.filter((line) => line === 'True')).toHaveLength(2);
      expect(lines[0]).toBe("[['y', 96], ['dX', 126], ['dW', 108]]");
      expect(lines.at(-1)).toBe('cuDNN is compared by convolutions alone');
    },
  );

  it.skipIf(needsNoCard !== '')(`says that it has no card${needsNoCard}`, async () => {
    for (const device of ['cuda', 'cuda-compile', 'cudnn', 'cudnn-tf32'] as const) {
      await expect(new TorchPeer(device).load()).rejects.toThrow(/sees no CUDA device/);
    }
  });
});
