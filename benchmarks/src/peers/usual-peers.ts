/** Who takes part when nobody is named, and in which order they prepare. */
import type { AdapterKind } from '@infnet/node';
import { isInChromium, PEERS, type PeerName } from './protocol.js';

/** A second precision of PyTorch, and ours by a table of INFNET_TUNING: who wants them names them. */
const NAMED_ONLY: readonly PeerName[] = ['infnet-tuned', 'torch-fp32'];

const ON_CUDA: readonly PeerName[] = ['torch-cuda', 'torch-compile', 'cudnn', 'cudnn-tf32'];

/**
 * CUDA stands beside a real GPU only. Chromium has no llvmpipe, and who is there on SwiftShader is not compared with
 * who is here on something else. A quick run has no time for second precisions, for compilers, and for three browsers.
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
 * Ours first, because all others are compared with it; then who is quick to prepare, so that the slow ones share what
 * is left.
 */
export function inOrderOfPreparing(names: readonly PeerName[]): readonly PeerName[] {
  const rank = (name: PeerName): number => (name.startsWith('infnet') ? 0 : isOnCpu(name) ? 1 : 2);
  return names.toSorted((a, b) => rank(a) - rank(b));
}
