/** From a checkpoint to the multi-class U-Net that fits it: its width is told from the shapes. */
import { assertMatches, type Checkpoint, matchStateDict } from '@infnet/checkpoint';
import type { StateDict } from '@infnet/core';
import type { ChannelOrder } from '@infnet/data';
import {
  BACKBONE_SIGNATURES,
  hasDecoder,
  INF_NET_SIGNATURES,
  recognizeBackboneAlone,
  UNET_SIGNATURES,
  UNet,
} from '@infnet/inf-net';
import { cliError } from '../errors.js';
import { inWordsOfCli, readWeightsFile, type WeightsSource } from '../weights-file.js';

export const CLASSES = 3;
/** Slice and prior, three channels each. */
export const INPUT_CHANNELS = 6;
export const CHANNEL_ORDERS: readonly ChannelOrder[] = ['classes', 'as-released'];

/** Metadata of a file of weights: what the channels of the output mean, and how the input was made. */
export const CHANNEL_ORDER = 'channel_order';

/** What the user is told of the weights. */
export interface UNetDescription {
  readonly file: string;
  readonly format: Checkpoint['format'];
  readonly width: number;
  /** Whose conventions the net was trained with: channel k is class k, or as the released code has it. */
  readonly order: ChannelOrder;
  /** Whether the file says so; else it is taken for one of the reference's. */
  readonly orderSaid: boolean;
  readonly tensors: number;
  /** What was in front of the keys and is not in the net's names; empty if nothing was. */
  readonly prefix: string;
  /** What was done to the file, a sentence each. */
  readonly notes: readonly string[];
}

export interface LoadedUNet {
  readonly net: UNet;
  readonly state: StateDict;
  readonly description: UNetDescription;
}

/** Kinds of nets that people give, what is asked for first. */
const KINDS = [UNET_SIGNATURES, INF_NET_SIGNATURES, BACKBONE_SIGNATURES];

const FIRST = 'inc.double_conv.0.weight';
const LAST = 'outc.conv.weight';
/** Has 512 channels in the reference: of all, the one that tells the width best. */
const WIDEST = { name: 'down4.maxpool_conv.1.double_conv.0.weight', base: 512 };

/**
 * @param asked overrides what the file says of its channels
 * @throws InfnetError `FILE_...`, `CHECKPOINT_...`; `CLI_WRONG_NET` for another net's weights, or other numbers of
 *   channels or classes
 */
export async function loadUNet(file: string, asked?: ChannelOrder, source?: WeightsSource): Promise<LoadedUNet> {
  const { checkpoint, tensors, prefix, notes } = await readWeightsFile(file, KINDS, source);
  checkNet({ tensors }, file);
  const width = (tensors.get(WIDEST.name)?.shape[0] ?? WIDEST.base) / WIDEST.base;
  const net = new UNet({ width });
  const optional = (name: string): boolean => name.endsWith('.num_batches_tracked');
  const match = matchStateDict(net.stateDictSpec(), { tensors }, { optional, prefix: '' });
  const state = inWordsOfCli(file, source?.flag ?? '--weights', () => assertMatches(match, file));
  const said = CHANNEL_ORDERS.find((order) => order === checkpoint.metadata.get(CHANNEL_ORDER));
  // The reference's own checkpoints say nothing of it.
  const order = asked ?? said ?? 'as-released';
  const { format, strippedPrefix } = checkpoint;
  const orderSaid = asked !== undefined || said !== undefined;
  const description = {
    file,
    format,
    width,
    order,
    orderSaid,
    tensors: state.size,
    prefix: strippedPrefix + prefix,
    notes,
  };
  return { net, state, description };
}

/** Whether these are the keys of the U-Net, whatever its numbers of channels. */
export function isUNet({ tensors }: { readonly tensors: ReadonlyMap<string, unknown> }): boolean {
  return tensors.has(FIRST) && tensors.has(LAST);
}

function checkNet({ tensors }: Pick<Checkpoint, 'tensors'>, file: string): void {
  const fix = 'Give weights of the multi-class U-Net: infnet train --multi-class --data SET --out RUN makes some.';
  if (!isUNet({ tensors })) {
    const keys = [...tensors.keys()];
    const alone = recognizeBackboneAlone(tensors);
    const what = hasDecoder(tensors)
      ? 'These are weights of Inf-Net, which finds infection, not of the U-Net, which tells its classes'
      : alone !== undefined
        ? `These are weights of a backbone alone (${alone.title}), which the U-Net does not have`
        : `These are no weights of the multi-class U-Net: it has no ${FIRST}. The ${keys.length} keys are ${keys.slice(0, 5).join(', ')}${keys.length > 5 ? ', ...' : ''}`;
    throw cliError('CLI_WRONG_NET', `${what}.`, `${fix} Inf-Net's weights make the priors: --prior-weights.`, {
      where: file,
    });
  }
  const classes = tensors.get(LAST)?.shape[0];
  const channels = tensors.get(FIRST)?.shape[1];
  if (classes === CLASSES && channels === INPUT_CHANNELS) return;
  const message = `The net takes ${channels} channels and tells ${classes} classes; it must take ${INPUT_CHANNELS} (slice and prior) and tell ${CLASSES} (background, ground-glass, consolidation).`;
  throw cliError('CLI_WRONG_NET', message, fix, { where: file, details: { classes, channels } });
}
