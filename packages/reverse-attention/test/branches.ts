/** The recorded branches, and how to run one. */
import type { Tensor } from '@infnet/core';
import type { ReverseAttentionBranch, ReverseAttentionBranchOptions } from '../src/index.js';

export const goldens: Readonly<Record<string, ReverseAttentionBranchOptions>> = {
  ra4: { level: 4, inChannels: 2048 },
  ra3: { level: 3, inChannels: 1024, scale: 16 },
  ra2: { level: 2, inChannels: 512, scale: 8 },
  ra4_narrow: { level: 4, inChannels: 24, channels: 8, edgeChannels: 4 },
};

export const runOf =
  (branch: ReverseAttentionBranch) =>
  ({ feat, prev, edge }: Readonly<Record<string, Tensor>>): readonly Tensor[] => {
    const { logits, lateral } = branch.call(feat as Tensor, prev as Tensor, edge as Tensor);
    return [logits, lateral];
  };
