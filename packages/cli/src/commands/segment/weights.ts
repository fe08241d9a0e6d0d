/** From a checkpoint to a net that fits it: the backbone is told from the keys, the width from the shapes. */
import { asFloat32, assertMatches, type Checkpoint, matchStateDict, readCheckpoint } from '@infnet/checkpoint';
import type { StateDict } from '@infnet/core';
import { type BackboneName, InfNet } from '@infnet/inf-net';
import { readFile } from '@infnet/node';
import { cliError } from '../../errors.js';

/** What the user is told of the weights. */
export interface WeightsDescription {
  readonly file: string;
  readonly format: Checkpoint['format'];
  readonly backbone: BackboneName;
  readonly width: number;
  /** Channels of the receptive-field blocks' results. */
  readonly channels: number;
  /** Tensors that the net takes from the file. */
  readonly tensors: number;
  /** Whether the file says that it was never trained (`infnet weights`). */
  readonly untrained: boolean;
}

export interface LoadedWeights {
  readonly net: InfNet;
  readonly state: StateDict;
  readonly description: WeightsDescription;
}

/** The tensor whose first dimension is `base` times the width, and the way each backbone is recognised. */
const SIGNS: Readonly<Record<BackboneName, { readonly widest: string; readonly base: number }>> = {
  res2net50: { widest: 'resnet.layer4.0.conv3.weight', base: 2048 },
  res2net101: { widest: 'resnet.layer4.0.conv3.weight', base: 2048 },
  resnet50: { widest: 'resnet.layer4.0.conv3.weight', base: 2048 },
  vgg16: { widest: 'vgg.conv5_1.conv5_3_1.weight', base: 512 },
};

/** Counters that nothing reads, and the classifier that no forward uses: files may have them or not. */
export function isOptional(name: string): boolean {
  return name.endsWith('.num_batches_tracked') || name.startsWith('resnet.fc.');
}

/**
 * Reads a checkpoint and builds its net.
 *
 * @throws InfnetError `FILE_...`, `CHECKPOINT_...`; `CHECKPOINT_KEYS` lists what is missing, surplus or mis-shaped;
 *   `CLI_BACKBONE` when no backbone is recognised
 */
export async function loadWeights(file: string, asked?: BackboneName): Promise<LoadedWeights> {
  const checkpoint = readCheckpoint(await readFile(file), { file });
  const backbone = asked ?? detectBackbone(checkpoint, file);
  const options = { backbone, width: widthOf(checkpoint, backbone), channels: channelsOf(checkpoint) };
  const net = new InfNet(options);
  const matched = assertMatches(matchStateDict(net.stateDictSpec(), checkpoint, { optional: isOptional }), file);
  const state = new Map([...matched].map(([name, tensor]) => [name, { shape: tensor.shape, data: asFloat32(tensor) }]));
  const untrained = checkpoint.metadata.get('trained') === 'false';
  return { net, state, description: { file, format: checkpoint.format, ...options, tensors: matched.size, untrained } };
}

/** @throws InfnetError `CLI_BACKBONE` */
export function detectBackbone({ tensors }: Pick<Checkpoint, 'tensors'>, file: string): BackboneName {
  const keys = [...tensors.keys()];
  if (tensors.has('resnet.conv1.0.weight')) {
    const blocks = keys.map((key) => Number(/^resnet\.layer3\.(\d+)\./.exec(key)?.[1] ?? -1));
    // Layer 3 has 6 blocks in a Res2Net-50, 23 in a Res2Net-101.
    return Math.max(...blocks) >= 6 ? 'res2net101' : 'res2net50';
  }
  if (tensors.has('resnet.conv1.weight')) return 'resnet50';
  if (keys.some((key) => key.startsWith('vgg.'))) return 'vgg16';
  const some = keys.slice(0, 10).join(', ');
  const fix =
    'Give a checkpoint of Inf-Net (not of its backbone alone, not of the multi-class U-Net), or name the backbone by --backbone.';
  const message = `The keys of the checkpoint are of no backbone that is known. It has ${keys.length} keys: ${some}${keys.length > 10 ? ', ...' : ''}.`;
  throw cliError('CLI_BACKBONE', message, fix, { where: file });
}

function widthOf({ tensors }: Checkpoint, backbone: BackboneName): number {
  const { widest, base } = SIGNS[backbone];
  const channels = tensors.get(widest)?.shape[0];
  return channels === undefined || channels === 0 ? 1 : channels / base;
}

function channelsOf({ tensors }: Checkpoint): number {
  return tensors.get('rfb2_1.conv_res.conv.weight')?.shape[0] || 32;
}
