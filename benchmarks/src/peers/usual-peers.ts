/** Which libraries take part when none is named, and in which order they prepare. */
import type { AdapterKind } from '@infnet/node';
import { isInChromium, PEERS, type PeerName } from './protocol.js';

/** Only when named: a second precision of PyTorch, and ours with a table that INFNET_TUNING names. */
const NAMED_ONLY: readonly PeerName[] = ['infnet-tuned', 'torch-fp32'];

const ON_CUDA: readonly PeerName[] = ['torch-cuda', 'torch-compile', 'cudnn', 'cudnn-tf32'];

/**
 * CUDA is compared with a real GPU only. Chromium has no llvmpipe, and its SwiftShader is not compared with another
 * adapter in Node. A quick run has no time for second precisions, for compilers and for three browsers.
 */
export function usualPeers(kind: AdapterKind, quick: boolean): readonly PeerName[] {
  return PEERS.filter((name) => {
    if (NAMED_ONLY.includes(name)) return false;
    if (ON_CUDA.includes(name)) return kind === 'gpu' && !(quick && name === 'torch-compile');
    if (isInChromium(name)) return kind !== 'llvmpipe' && !quick;
    return !(quick && name === 'infnet-exact');
  });
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
