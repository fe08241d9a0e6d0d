/** From a checkpoint to a net that fits it: the backbone is told from the keys, the width from the shapes. */
import { asFloat32, assertMatches, type Checkpoint, matchStateDict, readCheckpoint } from '@infnet/checkpoint';
import type { StateDict } from '@infnet/core';
import { type BackboneName, InfNet, isOptionalEntry, recognizeBackbone, recognizeNet } from '@infnet/inf-net';
import { readFile } from '@infnet/node';
import { isUNet } from '../../classes/unet-weights.js';
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

/**
 * Reads a checkpoint and builds its net.
 *
 * @throws InfnetError `FILE_...`, `CHECKPOINT_...`, `CLI_WRONG_NET`; `CHECKPOINT_KEYS` lists what is missing, surplus or mis-shaped;
 *   `CLI_BACKBONE` when no backbone is recognised
 */
export async function loadWeights(file: string, asked?: BackboneName): Promise<LoadedWeights> {
  const checkpoint = readCheckpoint(await readFile(file), { file });
  const backbone = asked ?? detectBackbone(checkpoint, file);
  const options = recognizeNet(checkpoint.tensors, backbone);
  const net = new InfNet(options);
  const matched = assertMatches(matchStateDict(net.stateDictSpec(), checkpoint, { optional: isOptionalEntry }), file);
  const state = new Map([...matched].map(([name, tensor]) => [name, { shape: tensor.shape, data: asFloat32(tensor) }]));
  const untrained = checkpoint.metadata.get('trained') === 'false';
  return { net, state, description: { file, format: checkpoint.format, ...options, tensors: matched.size, untrained } };
}

/** @throws InfnetError `CLI_BACKBONE`, `CLI_WRONG_NET` for the U-Net's */
export function detectBackbone({ tensors }: Pick<Checkpoint, 'tensors'>, file: string): BackboneName {
  const backbone = recognizeBackbone(tensors);
  if (backbone !== undefined) return backbone;
  if (isUNet({ tensors })) {
    throw cliError(
      'CLI_WRONG_NET',
      'These are weights of the multi-class U-Net, which tells classes, not of Inf-Net, which finds infection.',
      "Add --multi-class (and where the slices are infected: --priors or --prior-weights), or give Inf-Net's weights.",
      { where: file },
    );
  }
  const keys = [...tensors.keys()];
  const some = keys.slice(0, 10).join(', ');
  const fix =
    'Give a checkpoint of Inf-Net (not of its backbone alone, not of the multi-class U-Net), or name the backbone by --backbone.';
  const message = `The keys of the checkpoint are of no backbone that is known. It has ${keys.length} keys: ${some}${keys.length > 10 ? ', ...' : ''}.`;
  throw cliError('CLI_BACKBONE', message, fix, { where: file });
}
