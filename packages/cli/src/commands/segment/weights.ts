/** From a checkpoint to the net of a task that fits it. */
import type { Checkpoint, CheckpointTensor } from '@infnet/checkpoint';
import {
  BACKBONE_SIGNATURES,
  hasDecoder,
  INF_NET_SIGNATURES,
  recognizeBackbone,
  recognizeBackboneAlone,
  type Trained,
  trainedOf,
  UNET_SIGNATURES,
  weightsOrigin,
} from '@infnet/inf-net';
import { isUNet, type LoadedNet, loadNet, type NetOptions, type SegmentationTask } from '@infnet/segmentation';
import { cliError } from '../../errors.js';
import { listed } from '../../names.js';
import { inWordsOfCli, readWeightsFile, type WeightsFile, type WeightsSource } from '../../weights-file.js';

/** What the user is told of the weights; beside these, by name, what the task tells of its net. */
export interface WeightsDescription extends Readonly<Record<string, unknown>> {
  readonly file: string;
  readonly format: Checkpoint['format'];
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

export interface LoadedWeights extends LoadedNet {
  readonly description: WeightsDescription;
}

/** Kinds of nets that people give; the task's own is looked for first. */
const KINDS = [INF_NET_SIGNATURES, UNET_SIGNATURES, BACKBONE_SIGNATURES];

/** Reads a file that should be of the task. @throws InfnetError `FILE_...`, `CHECKPOINT_...`, `CLI_WRONG_NET` */
export function readTaskFile(
  { signatures }: Pick<SegmentationTask, 'signatures'>,
  file: string,
  source?: WeightsSource,
): Promise<WeightsFile> {
  const kinds = signatures.length === 0 ? [] : [signatures, ...KINDS.filter((kind) => kind !== signatures)];
  return readWeightsFile(file, kinds, source);
}

/**
 * Reads a checkpoint and builds its net.
 *
 * @param asked overrides what the file says
 * @throws InfnetError `FILE_...`, `CHECKPOINT_...`, `CLI_WRONG_NET`; `CHECKPOINT_KEYS` lists what is missing, surplus
 *   or mis-shaped; `CLI_BACKBONE` when no backbone is recognised
 */
export async function loadWeights(
  task: SegmentationTask,
  file: string,
  asked: NetOptions = {},
  source?: WeightsSource,
): Promise<LoadedWeights> {
  return weightsOf(task, await readTaskFile(task, file, source), asked, source);
}

/** The net that a file is of. @throws InfnetError as {@link loadWeights} */
export function weightsOf(
  task: SegmentationTask,
  { file, checkpoint, tensors, prefix, notes, sha256 }: WeightsFile,
  asked: NetOptions = {},
  { flag = '--weights' }: WeightsSource = {},
): LoadedWeights {
  const { metadata, format, strippedPrefix } = checkpoint;
  const loaded = inWordsOfCli(file, flag, () => loadNet(task, { tensors, metadata }, file, asked));
  if (loaded === undefined) throw wrongNet(task, tensors, file);
  const { state, facts } = loaded;
  const trained = trainedOf(metadata, state);
  const { trainedOn, warning } = weightsOrigin(metadata, trained);
  const description: WeightsDescription = {
    file,
    format,
    ...facts,
    tensors: state.size,
    trained,
    untrained: trained === 'false',
    prefix: strippedPrefix + prefix,
    notes,
    sha256,
    ...(trainedOn === undefined ? {} : { trainedOn }),
    ...(warning === undefined ? {} : { warning }),
  };
  return { ...loaded, description };
}

type Tensors = ReadonlyMap<string, CheckpointTensor>;

/** What the weights are of instead of the task's net, and what to do. */
function wrongNet({ name }: SegmentationTask, tensors: Tensors, file: string): Error {
  if (name === 'infection') return noInfNet(tensors, file);
  const keys = listed(tensors.keys(), 5);
  if (name !== 'classes') {
    const message = `These are no weights of the task ${name}. The ${tensors.size} keys are ${keys}.`;
    const fix = 'Give a file that infnet train --task has written with this task.';
    return cliError('CLI_WRONG_NET', message, fix, { where: file });
  }
  const alone = recognizeBackboneAlone(tensors);
  const what = hasDecoder(tensors)
    ? 'These are weights of Inf-Net, which finds infection, not of the U-Net, which tells its classes'
    : alone !== undefined
      ? `These are weights of a backbone alone (${alone.title}), which the U-Net does not have`
      : `These are no weights of the multi-class U-Net: it has no inc.double_conv.0.weight. The ${tensors.size} keys are ${keys}`;
  const fix = 'Give weights of the multi-class U-Net: infnet train --multi-class --data SET --out RUN makes some.';
  return cliError('CLI_WRONG_NET', `${what}.`, `${fix} Inf-Net's weights make the priors: --prior-weights.`, {
    where: file,
  });
}

function noInfNet(tensors: Tensors, file: string): Error {
  if (isUNet(tensors)) {
    return cliError(
      'CLI_WRONG_NET',
      'These are weights of the multi-class U-Net, which tells classes, not of Inf-Net, which finds infection.',
      "Add --multi-class (and where the slices are infected: --priors or --prior-weights), or give Inf-Net's weights.",
      { where: file },
    );
  }
  const title = recognizeBackboneAlone(tensors)?.title ?? recognizeBackbone(tensors);
  if (title !== undefined) {
    return cliError(
      'CLI_WRONG_NET',
      `These are weights of a backbone alone (${title}, ${tensors.size} tensors), without Inf-Net's decoder, so that nothing can be segmented with them.`,
      'Train a net that starts from them: infnet train --backbone-weights FILE --data SET --out RUN. Or give the weights of a whole Inf-Net.',
      { where: file },
    );
  }
  const fix = 'Give a checkpoint of Inf-Net, as infnet train writes it, or name the backbone by --backbone.';
  const message = `The keys of the checkpoint are of no backbone that is known. It has ${tensors.size} keys: ${listed(tensors.keys(), 10)}.`;
  return cliError('CLI_BACKBONE', message, fix, { where: file });
}
