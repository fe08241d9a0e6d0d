/** Options of the trainer that settings give: the same for all ways to train. */
import type { TrainerOptions } from '@infnet/trainer';
import type { OptionRow } from '../options/table.js';
import { clipOf, optimizerOf } from './method.js';
import { TRAIN_OPTIONS, type TrainSettings } from './options.js';

type Table = typeof TRAIN_OPTIONS;

/** Those that it gets as they are: rows of the table say so. */
type AsTheyAre = {
  readonly [N in keyof Table as Table[N] extends { readonly trainer: infer T extends string }
    ? T
    : never]: TrainSettings[N & keyof TrainSettings];
};

type Shared = AsTheyAre & Pick<TrainerOptions, 'optimizer' | 'clip' | 'plan' | 'snapshotEvery' | 'snapshotMinutes'>;

export function trainerOptionsOf(settings: TrainSettings): Shared {
  const values: Readonly<Record<string, unknown>> = { ...settings };
  const rows = Object.entries<OptionRow>(TRAIN_OPTIONS);
  const asTheyAre = Object.fromEntries(
    rows.flatMap(([name, { trainer }]) => (trainer === undefined ? [] : [[trainer, values[name]]])),
  ) as AsTheyAre;
  const { precision, snapshotEvery, snapshotMinutes } = settings;
  return {
    ...asTheyAre,
    optimizer: (parameters) => optimizerOf(settings, parameters),
    clip: clipOf(settings),
    plan: { precision },
    ...(snapshotEvery > 0 ? { snapshotEvery } : {}),
    ...(snapshotMinutes > 0 ? { snapshotMinutes } : {}),
  };
}
