/**
 * PyTorch, where Python has it: `torch_peer.py` walks the same graph. The CPU as a native yardstick; CUDA beside a real
 * GPU.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BETAS, CLAMP, EPSILON, LEARNING_RATE, STEPS_COMPARED } from '../optimizer.js';
import type { Ceilings, DeviceSeconds, Peer, Running, Workload } from '../protocol.js';
import { type ResultLengths, resultsOf } from '../results.js';
import type { Traced } from '../workloads.js';
import { graphToJson } from './graph-to-json.js';
import { Python } from './python.js';

/** What `torch_peer.py` is started with. */
export type TorchDevice = 'cpu' | 'cuda' | 'cuda-fp32' | 'cuda-compile' | 'cudnn' | 'cudnn-tf32';

export class TorchPeer implements Peer {
  readonly differentiates: boolean = true;
  readonly #device: TorchDevice;
  #python: Python | undefined;

  constructor(device: TorchDevice) {
    this.#device = device;
  }

  async load(): Promise<{ description: string; version: string }> {
    this.#python = new Python(this.#device);
    const { description, version } = await this.#python.ask({ ask: 'load' });
    return { description: String(description), version: String(version) };
  }

  async ceilings(): Promise<Ceilings> {
    return (await (this.#python as Python).ask({ ask: 'ceilings' })) as unknown as Ceilings;
  }

  async prepare(workload: Workload, traced: Traced): Promise<Running> {
    const python = this.#python as Python;
    const folder = await mkdtemp(join(tmpdir(), 'infnet-torch-'));
    try {
      const { json, values } = graphToJson(traced);
      await writeFile(join(folder, 'values.f32'), values);
      const { kind } = workload;
      const clamp = kind === 'step' && workload.ownLoss ? CLAMP : null;
      const adam = { rate: LEARNING_RATE, betas: BETAS, eps: EPSILON, steps: STEPS_COMPARED, clamp };
      await writeFile(join(folder, 'graph.json'), JSON.stringify({ kind, adam, ...json }));
      const { lengths, heldBytes } = (await python.ask({ ask: 'prepare', folder })) as unknown as {
        readonly lengths: ResultLengths;
        readonly heldBytes: number | null;
      };
      return {
        results: resultsOf(lengths, await readFile(join(folder, 'results.f32'))),
        heldBytes: heldBytes ?? undefined,
        run: async () => void (await python.ask({ ask: 'run' })),
        device: async () => (await python.ask({ ask: 'device_seconds' }))['seconds'] as DeviceSeconds | undefined,
        release: async () => void (await python.ask({ ask: 'release' })),
      };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}
