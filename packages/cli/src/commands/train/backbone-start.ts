/**
 * A training that starts from weights of a backbone alone, as the paper's does; the rest of the net starts from the
 * seed.
 */
import { assertMatches, matchStateDict } from '@infnet/checkpoint';
import type { StateDict } from '@infnet/core';
import {
  BACKBONE_SIGNATURES,
  BACKBONE_TABLE,
  completeState,
  hasDecoder,
  isOptionalEntry,
  type OtherBackbone,
  type RecognizedBackbone,
  recognizeBackboneAlone,
} from '@infnet/inf-net';
import { infection, type TaskNet } from '@infnet/segmentation';
import type { TrainSettings } from '@infnet/segmentation/options';
import { cliError } from '../../errors.js';
import { listed } from '../../names.js';
import { inWordsOfCli, readWeightsFile, type WeightsFile, type WeightsSource } from '../../weights-file.js';
import { readTaskFile } from '../segment/weights.js';

/** A file to start from; `alone` says that only its backbone is taken. */
export interface TrainingWeights {
  readonly file: WeightsFile;
  readonly alone: RecognizedBackbone | OtherBackbone | undefined;
}

/**
 * Reads what `--weights` or `--backbone-weights` names. With `--weights` a whole net is one, and a backbone alone is
 * taken as one.
 *
 * @throws InfnetError `FILE_...`, `CHECKPOINT_...`; `CLI_BACKBONE` where no backbone is in the file of
 *   `--backbone-weights`
 */
export async function readTrainingWeights(file: string, source: WeightsSource): Promise<TrainingWeights> {
  const asked = source.flag === '--backbone-weights' ? undefined : await readTaskFile(infection, file, source);
  if (asked !== undefined && hasDecoder(asked.tensors)) return { file: asked, alone: undefined };
  const read = await readWeightsFile(file, [BACKBONE_SIGNATURES], source);
  const alone = recognizeBackboneAlone(read.tensors);
  if (alone !== undefined) return { file: read, alone };
  if (asked !== undefined) return { file: asked, alone };
  const keys = [...read.tensors.keys()];
  const message = `There is no backbone in the file: its ${keys.length} keys are ${listed(keys, 5)}.`;
  const fix =
    'Give weights of Res2Net-50 or -101 (version 1b), ResNet-50 or VGG-16, as Res2Net released them or timm or torchvision has them.';
  throw cliError('CLI_BACKBONE', message, fix, { where: file });
}

/** What a training with a backbone's weights starts from. */
export interface BackboneStart {
  readonly net: TaskNet;
  readonly state: StateDict;
  readonly trained: 'unknown';
  readonly notes: readonly string[];
  readonly told: Pick<TrainSettings, 'backbone' | 'width'>;
}

/**
 * @throws InfnetError `CLI_BACKBONE` for another architecture, with the figures; `CHECKPOINT_KEYS` where values are
 *   missing or mis-shaped; `CLI_USAGE` where nothing would be trained
 */
export function backboneStart(
  { file: read, alone }: TrainingWeights,
  { channels, epochs, seed }: Pick<TrainSettings, 'channels' | 'epochs' | 'seed'>,
  { flag = '--weights' }: WeightsSource,
): BackboneStart {
  const { file, tensors, notes } = read;
  if (alone === undefined || 'why' in alone) {
    const message = `The weights are of a ${alone?.title}: ${alone?.why}.`;
    const fix = 'Give weights of Res2Net-50 or -101 (version 1b), ResNet-50 or VGG-16 without batch norm.';
    throw cliError('CLI_BACKBONE', message, fix, { where: file });
  }
  if (epochs === 0) {
    const message =
      '--epochs 0 would label with a decoder that was never trained: the weights are of a backbone alone.';
    throw cliError('CLI_USAGE', message, 'Give at least --epochs 1, or the weights of a whole Inf-Net.', {
      where: file,
    });
  }
  const { backbone, width, rename, title } = alone;
  const net = infection.net({ backbone, width, channels });
  const { module } = net;
  const expected = module
    .stateDictSpec()
    .filter(({ name }) => name.startsWith(`${BACKBONE_TABLE[backbone].attribute}.`));
  const match = matchStateDict(expected, { tensors }, { optional: isOptionalEntry, rename });
  const given = inWordsOfCli(file, flag, () => assertMatches(match, file));
  const left = [...tensors.keys()].filter((key) => rename(key) === undefined);
  const started = `the backbone (${title}, ${given.size} tensors) starts from it, the rest of the net from seed ${seed}`;
  const told =
    left.length === 0 ? [] : [`${left.length} keys are not of the backbone and were left out: ${listed(left, 6)}`];
  return {
    net,
    state: completeState(module, given, seed),
    trained: 'unknown',
    notes: [...notes, started, ...told],
    told: { backbone, width },
  };
}
