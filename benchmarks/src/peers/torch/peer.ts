/** PyTorch, where `python3 -c 'import torch'` works. */
import { execFileSync } from 'node:child_process';
import type { Peer, Running } from '../protocol.js';

export class TorchPeer implements Peer {
  readonly differentiates: boolean = true;

  async load(): Promise<{ description: string; version: string }> {
    execFileSync('python3', ['-c', 'import torch'], { stdio: 'pipe' });
    throw new Error('not written yet');
  }

  prepare(): Promise<Running> {
    throw new Error('not loaded');
  }
}
