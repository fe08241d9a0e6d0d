/** From the bytes of a checkpoint to a net that fits it. Runs in Node too. */
import { assertMatches, type Checkpoint, matchStateDict, peelPrefix, readCheckpoint } from '@infnet/checkpoint';
import type { StateDict } from '@infnet/core';
import { sha256 } from '@infnet/data';
import { InfnetError } from '@infnet/errors';
import {
  INF_NET_SIGNATURES,
  InfNet,
  isOptionalEntry,
  recognizeBackbone,
  recognizeNet,
  trainedOf,
  weightsOrigin,
} from '@infnet/inf-net';
import type { WeightsReport } from './segment-protocol.js';

export interface LoadedWeights {
  readonly net: InfNet;
  readonly state: StateDict;
  readonly report: WeightsReport;
}

/** @throws InfnetError `CHECKPOINT_...`, `WEIGHTS_UNKNOWN` when they are of no net that is known */
export async function readWeights(name: string, bytes: Uint8Array): Promise<LoadedWeights> {
  const checkpoint = readCheckpoint(bytes, { file: name });
  const { tensors } = peelPrefix(checkpoint, INF_NET_SIGNATURES);
  const backbone = recognizeBackbone(tensors);
  if (backbone === undefined) {
    const some = [...checkpoint.tensors.keys()].slice(0, 3).join(', ');
    throw new InfnetError({
      code: 'WEIGHTS_UNKNOWN',
      message: `These weights are of no Inf-Net. The file has ${checkpoint.tensors.size} tensors, the first are ${some}.`,
      where: name,
      fix: 'Choose a checkpoint of Inf-Net: not of its backbone alone, and not of the multi-class U-Net.',
    });
  }
  const { width, channels } = recognizeNet(tensors, backbone);
  const net = new InfNet({ backbone, width, channels });
  const match = matchStateDict(net.stateDictSpec(), { tensors }, { optional: isOptionalEntry, prefix: '' });
  const state = assertMatches(match, name);
  const trained = trainedOf(checkpoint.metadata, state);
  const report: WeightsReport = {
    name,
    format: checkpoint.format,
    backbone,
    width,
    channels,
    tensors: state.size,
    untrained: trained === 'false',
    ...weightsOrigin(checkpoint.metadata, trained),
    sha256: await sha256(bytes),
    size: sizeOf(checkpoint, net.sizeMultiple),
    sizeMultiple: net.sizeMultiple,
  };
  return { net, state, report };
}

function sizeOf({ metadata }: Checkpoint, multiple: number): number | undefined {
  const size = Number(metadata.get('size'));
  return Number.isInteger(size) && size > 0 && size % multiple === 0 ? size : undefined;
}
