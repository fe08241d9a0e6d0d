/** From a checkpoint to a net that fits it: the backbone is told from the keys, the width from the shapes. */
import { assertMatches, type Checkpoint, type CheckpointTensor, matchStateDict } from '@infnet/checkpoint';
import type { StateDict } from '@infnet/core';
import {
  BACKBONE_SIGNATURES,
  type BackboneName,
  hasDecoder,
  INF_NET_SIGNATURES,
  InfNet,
  isOptionalEntry,
  recognizeBackbone,
  recognizeBackboneAlone,
  recognizeNet,
  type Trained,
  trainedOf,
  UNET_SIGNATURES,
  weightsOrigin,
} from '@infnet/inf-net';
import { isUNet } from '../../classes/unet-weights.js';
import { cliError } from '../../errors.js';
import { inWordsOfCli, readWeightsFile, type WeightsFile, type WeightsSource } from '../../weights-file.js';

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
  /** Whether the weights were trained, as far as the file tells. */
  readonly trained: Trained;
  /** Whether it is known that they never were (`infnet weights`). */
  readonly untrained: boolean;
  /** What was in front of the keys and is not in the net's names, e.g. `module.`; empty if nothing was. */
  readonly prefix: string;
  /** What was done to the file, a sentence each. */
  readonly notes: readonly string[];
  /** What the file says that it was trained on. */
  readonly trainedOn?: string;
  /** Where that means that little can be expected of them: a sentence to show. */
  readonly warning?: string;
  /** Of the file. */
  readonly sha256: string;
}

export interface LoadedWeights {
  readonly net: InfNet;
  readonly state: StateDict;
  readonly description: WeightsDescription;
}

/** Kinds of nets that people give, what is asked for first. */
const KINDS = [INF_NET_SIGNATURES, UNET_SIGNATURES, BACKBONE_SIGNATURES];

/** Reads a file that should be of Inf-Net. @throws InfnetError `FILE_...`, `CHECKPOINT_...`, `CLI_WRONG_NET` */
export function readInfNetFile(file: string, source?: WeightsSource): Promise<WeightsFile> {
  return readWeightsFile(file, KINDS, source);
}

/**
 * Reads a checkpoint and builds its net.
 *
 * @throws InfnetError `FILE_...`, `CHECKPOINT_...`, `CLI_WRONG_NET`; `CHECKPOINT_KEYS` lists what is missing, surplus
 *   or mis-shaped; `CLI_BACKBONE` when no backbone is recognised
 */
export async function loadWeights(file: string, asked?: BackboneName, source?: WeightsSource): Promise<LoadedWeights> {
  return netOf(await readInfNetFile(file, source), asked, source);
}

/** The net that a file is of. @throws InfnetError as {@link loadWeights} */
export function netOf(
  read: WeightsFile,
  asked?: BackboneName,
  { flag = '--weights' }: WeightsSource = {},
): LoadedWeights {
  const { file, checkpoint, tensors, prefix, notes, sha256 } = read;
  const backbone = asked ?? detectBackbone(tensors, file);
  if (asked === undefined && !hasDecoder(tensors)) throw backboneAlone(tensors, file);
  const options = recognizeNet(tensors, backbone);
  const net = new InfNet(options);
  const match = matchStateDict(net.stateDictSpec(), { tensors }, { optional: isOptionalEntry, prefix: '' });
  const state = inWordsOfCli(file, flag, () => assertMatches(match, file));
  const trained = trainedOf(checkpoint.metadata, state);
  const { format, strippedPrefix } = checkpoint;
  const { trainedOn, warning } = weightsOrigin(checkpoint.metadata, trained);
  const facts = {
    tensors: state.size,
    trained,
    untrained: trained === 'false',
    prefix: strippedPrefix + prefix,
    notes,
    sha256,
    ...(trainedOn === undefined ? {} : { trainedOn }),
    ...(warning === undefined ? {} : { warning }),
  };
  return { net, state, description: { file, format, ...options, ...facts } };
}

type Tensors = ReadonlyMap<string, CheckpointTensor>;

/** @throws InfnetError `CLI_BACKBONE`, `CLI_WRONG_NET` for the U-Net's and those of a backbone alone */
export function detectBackbone(tensors: Tensors, file: string): BackboneName {
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
  if (recognizeBackboneAlone(tensors) !== undefined) throw backboneAlone(tensors, file);
  const keys = [...tensors.keys()];
  const some = keys.slice(0, 10).join(', ');
  const fix = 'Give a checkpoint of Inf-Net, as infnet train writes it, or name the backbone by --backbone.';
  const message = `The keys of the checkpoint are of no backbone that is known. It has ${keys.length} keys: ${some}${keys.length > 10 ? ', ...' : ''}.`;
  throw cliError('CLI_BACKBONE', message, fix, { where: file });
}

/** What the weights of a backbone are good for. */
function backboneAlone(tensors: Tensors, file: string): Error {
  const title = recognizeBackboneAlone(tensors)?.title ?? recognizeBackbone(tensors);
  return cliError(
    'CLI_WRONG_NET',
    `These are weights of a backbone alone (${title}, ${tensors.size} tensors), without Inf-Net's decoder, so that nothing can be segmented with them.`,
    'Train a net that starts from them: infnet train --backbone-weights FILE --data SET --out RUN. Or give the weights of a whole Inf-Net.',
    { where: file },
  );
}
