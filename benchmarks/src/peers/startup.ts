/**
 * Start-up: a new process, its library, its device, a net, the first result. Cold with an empty folder for Mesa's
 * compiled shaders, then warm with what the cold start left there. SwiftShader keeps nothing, GPUs' drivers have caches
 * of their own that are left alone, so there "cold" only means the first of two.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PeerProcess, type PeerProcessOptions } from './parent.js';
import { messageOf, type PeerName, type Workload } from './protocol.js';

/** Seconds of one start. */
export interface Start {
  /** The library imported, its device open. */
  readonly load: number;
  /** From the net's description to its first result. */
  readonly first: number;
}

export interface StartUp {
  readonly peer: PeerName;
  readonly cold?: Start;
  readonly warm?: Start;
  readonly cannot?: string;
}

export async function measureStartUp(
  peers: readonly PeerName[],
  workload: Workload,
  options: PeerProcessOptions,
  onProgress: (done: number, total: number) => void,
): Promise<StartUp[]> {
  const found: StartUp[] = [];
  for (const peer of peers) {
    const folder = await mkdtemp(join(tmpdir(), 'infnet-shaders-'));
    const environment = { ...options.environment, MESA_SHADER_CACHE_DIR: folder };
    try {
      const cold = await start(peer, workload, { ...options, environment });
      const warm = await start(peer, workload, { ...options, environment });
      found.push({ peer, cold, warm });
    } catch (error) {
      found.push({ peer, cannot: messageOf(error) });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    onProgress(found.length, peers.length);
  }
  return found;
}

async function start(peer: PeerName, workload: Workload, options: PeerProcessOptions): Promise<Start> {
  const process = new PeerProcess(peer, options);
  try {
    const { firstSeconds } = await process.prepare(workload, 1);
    return { load: process.loaded?.seconds ?? Number.NaN, first: firstSeconds };
  } finally {
    await process.end();
  }
}
