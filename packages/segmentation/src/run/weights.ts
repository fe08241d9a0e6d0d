/** Weights as files that `infnet segment`, the page and PyTorch read. */
import { writeSafetensors } from '@infnet/checkpoint';
import type { Module, StateDict } from '@infnet/core';
import { stateDictEntries } from '@infnet/inf-net';

/** What a file of weights says of itself; all of it becomes texts. */
export type Described = Readonly<Record<string, unknown>> & {
  readonly made_by: string;
  readonly seed: number;
  readonly steps: number;
};

/** Every entry of the net's state dict, as PyTorch has them. */
export function weightsFile(net: Pick<Module, 'stateDictSpec'>, values: StateDict, said: Described): Uint8Array {
  const { seed, steps, made_by, ...described } = said;
  // Of weights that no step has changed is true what is true of those it started from.
  const trained = steps > 0 ? { trained: 'true' } : {};
  const texts = Object.entries({ ...described, ...trained, seed, steps }).map(([key, value]) => [key, String(value)]);
  const entries = stateDictEntries(net, values, { seed, steps });
  return writeSafetensors(entries, { made_by, ...Object.fromEntries(texts) }, { checksum: true });
}
