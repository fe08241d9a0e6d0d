/** Every peer: what it is called, how its process makes it, and when it takes part without being named. */
import { parseTuning } from '@infnet/core/tune';
import type { AdapterKind } from '@infnet/node';
import { Answerer, type Answers } from './answerer.js';
import type { InfnetPeerOptions } from './infnet.js';
import type { ChromiumPeerName, Peer, PeerName } from './protocol.js';
import type { TorchDevice } from './torch/peer.js';

interface Entry {
  readonly title: string;
  /** Loaded when it is this process's turn to be that peer. */
  readonly make: () => Promise<Answers>;
  /** Default: always. */
  readonly when?: (run: { readonly kind: AdapterKind; readonly quick: boolean }) => boolean;
}

type When = Entry['when'];

const named: When = () => false;
const unlessQuick: When = ({ quick }) => !quick;
/** CUDA is compared with a real GPU only. */
const onGpu: When = ({ kind }) => kind === 'gpu';
/** Chromium has no llvmpipe, and its SwiftShader is not compared with another adapter in Node. */
const inBrowser: When = ({ kind, quick }) => kind !== 'llvmpipe' && !quick;

const inProcess = (title: string, make: () => Promise<Peer>, when?: When): Entry => ({
  title,
  when,
  make: async () => new Answerer(await make(), () => process.memoryUsage.rss()),
});
const ours = (title: string, options: InfnetPeerOptions, when?: When): Entry =>
  inProcess(title, async () => new (await import('./infnet.js')).InfnetPeer(options), when);
const ort = (title: string, provider: 'webgpu' | 'cpu'): Entry =>
  inProcess(title, async () => new (await import('./ort/node.js')).OrtNodePeer(provider));
const torch = (title: string, device: TorchDevice, when?: When): Entry =>
  inProcess(title, async () => new (await import('./torch/peer.js')).TorchPeer(device), when);
const chromium = (title: string, name: ChromiumPeerName): Entry => ({
  title: `${title} in Chromium`,
  when: inBrowser,
  make: async () => new (await import('./chromium/peer.js')).ChromiumPeer(name),
});

/** In the order of the tables. */
const TABLE: Readonly<Record<PeerName, Entry>> = {
  infnet: ours('infnet', { precision: 'fast' }),
  'infnet-exact': ours('infnet (exact)', { precision: 'exact' }, unlessQuick),
  'infnet-tuned': ours('infnet (tuned)', { precision: 'fast', loadTuning: readTuning }, named),
  'infnet-half': ours('infnet (half)', { precision: 'half' }, named),
  'infnet-matrix': ours('infnet (half, matrix units)', { precision: 'half', matrixUnits: true }, named),
  'ort-webgpu': ort('onnxruntime WebGPU', 'webgpu'),
  'ort-cpu': ort('onnxruntime CPU', 'cpu'),
  tfjs: inProcess('tfjs WebGPU', async () => {
    const [{ TfjsPeer }, { loadTfjs }] = await Promise.all([import('./tfjs/peer.js'), import('./tfjs/load.js')]);
    return new TfjsPeer(loadTfjs);
  }),
  'infnet-chromium': chromium('infnet', 'infnet-chromium'),
  'ort-chromium': chromium('onnxruntime-web WebGPU', 'ort-chromium'),
  'tfjs-chromium': chromium('tfjs WebGPU', 'tfjs-chromium'),
  'torch-cpu': torch('PyTorch CPU', 'cpu'),
  'torch-fp32': torch('PyTorch CUDA, no TensorFloat-32', 'cuda-fp32', named),
  'torch-cuda': torch('PyTorch CUDA', 'cuda', onGpu),
  'torch-compile': torch('PyTorch CUDA, compiled', 'cuda-compile', ({ kind, quick }) => kind === 'gpu' && !quick),
  cudnn: torch('cuDNN', 'cudnn', onGpu),
  'cudnn-tf32': torch('cuDNN, TensorFloat-32', 'cudnn-tf32', onGpu),
};

export const PEERS = Object.keys(TABLE) as readonly PeerName[];

export const PEER_TITLES = Object.fromEntries(PEERS.map((name) => [name, TABLE[name].title])) as Readonly<
  Record<PeerName, string>
>;

export const makePeer = (name: PeerName): Promise<Answers> => TABLE[name].make();

/** Which take part when none is named. */
export function usualPeers(kind: AdapterKind, quick: boolean): readonly PeerName[] {
  return PEERS.filter((name) => TABLE[name].when?.({ kind, quick }) ?? true);
}

/** Not the adapter of infnet: native code on the same cores. */
export function isOnCpu(name: PeerName): boolean {
  return name === 'ort-cpu' || name === 'torch-cpu';
}

/**
 * Ours first, because all others are compared with it; then those that are quick to prepare, so that the slow ones
 * share what is left.
 */
export function inOrderOfPreparing(names: readonly PeerName[]): readonly PeerName[] {
  const rank = (name: PeerName): number => (name.startsWith('infnet') ? 0 : isOnCpu(name) ? 1 : 2);
  return names.toSorted((a, b) => rank(a) - rank(b));
}

/** The choices of the table that INFNET_TUNING names. */
async function readTuning(): Promise<Readonly<Record<string, string>>> {
  const file = process.env['INFNET_TUNING'];
  if (file === undefined) throw new Error('INFNET_TUNING names no table; make one with: infnet tune --out FILE');
  const { readFile } = await import('node:fs/promises');
  return parseTuning(await readFile(file, 'utf8'), file).choices;
}
