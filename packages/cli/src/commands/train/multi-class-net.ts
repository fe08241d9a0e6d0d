/** The U-Net of a multi-class run. */
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import type { StateDict } from '@infnet/core';
import type { ChannelOrder } from '@infnet/data';
import { UNet } from '@infnet/inf-net';
import type { TrainSettings } from '@infnet/segmentation/options';
import { loadUNet } from '../../classes/unet-weights.js';
import { cliError } from '../../errors.js';

export interface RunUNet {
  readonly net: UNet;
  /** Where the parameters start, when not from the seed. */
  readonly initial: StateDict | undefined;
  /** The settings with the width as it is. */
  readonly settings: TrainSettings;
  readonly order: ChannelOrder;
  /** What was done to the file of weights, a sentence each. */
  readonly notes: readonly string[];
}

/**
 * @param resumed whether the parameters will come from a state anyway: a checkpoint to start from is then not needed
 *   any more
 * @throws InfnetError `FILE_...`, `CHECKPOINT_...`, `CLI_WRONG_NET`; `CLI_USAGE` when weights and loss mean other
 *   channels
 */
export async function makeUNet(settings: TrainSettings, resumed: boolean): Promise<RunUNet> {
  const { weights, weightsKey: key, width, loss } = settings;
  const order = loss === 'as-released' ? 'as-released' : 'classes';
  if (weights === undefined || (resumed && !existsSync(weights))) {
    return { net: new UNet({ width }), initial: undefined, settings, order, notes: [] };
  }
  const { net, state, description } = await loadUNet(weights, undefined, { key });
  if (description.order !== order) {
    const how = { classes: 'cross-entropy', 'as-released': 'as-released' } as const;
    const said = description.orderSaid ? 'says so' : 'says nothing, so it is taken for one of the reference';
    throw cliError(
      'CLI_USAGE',
      `--loss ${how[order]} cannot go on with these weights: what their channels mean is the order of --loss ${how[description.order]} (the file ${said}).`,
      `Give --loss ${how[description.order]}, or start from the seed.`,
      { where: weights },
    );
  }
  const notes = description.notes.map((note) => `${basename(weights)}: ${note}`);
  return { net, initial: state, settings: { ...settings, width: description.width }, order, notes };
}
