/** PyTorch as a peer: what it computes short of a card, with its CPU kernels where it is installed. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { largestDifference } from '../src/peers/alternate.js';
import { Answerer } from '../src/peers/answerer.js';
import { InfnetPeer } from '../src/peers/infnet.js';
import type { Prepared, Request, Workload } from '../src/peers/protocol.js';
import { graphToJson } from '../src/peers/torch/graph-to-json.js';
import { TorchPeer } from '../src/peers/torch/peer.js';
import { traceWorkload } from '../src/peers/workloads.js';

const python = process.env['INFNET_PYTHON'] ?? 'python3';
const folder = mkdtempSync(join(tmpdir(), 'infnet-cudnn-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function python3(code: string): string | undefined {
  const { status, stdout } = spawnSync(python, ['-c', code], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

const torch = python3('import torch; print(torch.cuda.is_available())');
const needsTorch = torch === undefined ? ` (${python} has no PyTorch; INFNET_PYTHON names another)` : '';
const needsNoCard = needsTorch === '' && torch === 'True' ? ' (there is a card)' : needsTorch;

const LAYER: Workload = {
  kind: 'gradients',
  groups: 1,
  stride: [2, 1],
  padding: [1, 1, 1, 1],
  dilation: [1, 1],
  input: [1, 3, 7, 6],
  weight: [4, 3, 3, 3],
};

describe('PyTorch as a peer', () => {
  const ask = <T>(peer: Answerer, name: Request['name'], workload?: Workload): Promise<T> =>
    peer.answer({ name, workload }) as Promise<T>;

  it.skipIf(needsTorch !== '')(`computes what infnet computes${needsTorch}`, async () => {
    const [ours, theirs] = [new Answerer(new InfnetPeer({ precision: 'exact' })), new Answerer(new TorchPeer('cpu'))];
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
        '    print(sorted(peer.run_resident))',
        '    for alone in peer.run_resident.values(): alone()',
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
      // Each pass alone by cuDNN's functions; PyTorch's own as a whole.
      expect(lines[1]).toBe("['forward', 'inputGradient', 'weightGradient']");
      expect(lines.filter((line) => line === "['run']")).toHaveLength(3);
      expect(lines.at(-1)).toBe('cuDNN is compared by convolutions alone');
    },
  );

  it.skipIf(needsNoCard !== '')(`says that it has no card${needsNoCard}`, async () => {
    for (const device of ['cuda', 'cuda-compile', 'cudnn', 'cudnn-tf32'] as const) {
      await expect(new TorchPeer(device).load()).rejects.toThrow(/sees no CUDA device/);
    }
  });
});
