/** `infnet weights`: freshly initialised weights, so that the commands can be tried before any are trained. */
import { resolve } from 'node:path';
import { type WritableTensor, writeSafetensors } from '@infnet/checkpoint';
import { initialValues } from '@infnet/core';
import { InfNet } from '@infnet/inf-net';
import { writeFileAtomic } from '@infnet/node';
import { cliError } from '../errors.js';
import { EXIT, type Io, say } from '../io.js';
import { sayJson } from '../json.js';
import type { WeightsOptions } from './small.js';

export async function weights({ out, seed, backbone, width, json }: WeightsOptions, io: Io): Promise<number> {
  if (!/\.safetensors$/i.test(out)) {
    throw cliError(
      'CLI_USAGE',
      `Weights are written as safetensors, but --out is ${out}.`,
      'Give a name that ends in .safetensors.',
    );
  }
  const tensors = initialWeights(new InfNet({ backbone, width }), seed);
  const metadata = { made_by: 'infnet weights', trained: 'false', seed: String(seed), backbone, width: String(width) };
  const bytes = writeSafetensors(tensors, metadata, { checksum: true });
  await writeFileAtomic(out, bytes);
  const file = resolve(out);
  const parameters = tensors.reduce((sum, { data }) => sum + data.length, 0);
  if (json) sayJson(io, { command: 'weights', ok: true, file, trained: false, seed, backbone, width, parameters });
  else
    say(
      io.stdout,
      `UNTRAINED ${backbone} weights (seed ${seed}, ${(bytes.length / 1e6).toFixed(0)} MB) in ${file}: masks made with them mean nothing`,
    );
  return EXIT.ok;
}

/** Every entry of the state dict; counters are int64 zeros, as PyTorch has them. */
function initialWeights(net: InfNet, seed: number): WritableTensor[] {
  return net.stateDictSpec().map(({ name, shape, parameter }) => {
    const data = parameter.dtype === 'i32' ? new BigInt64Array(1) : initialValues(parameter, seed);
    return { name, shape, data };
  });
}
