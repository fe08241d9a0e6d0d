/**
 * Settings of the page's trainings: those of the engine, as its table of options has them, but for what the page sets
 * and what people choose. They are stored whole, so that a training goes on as it began, whatever later versions take.
 */
import { InfnetError } from '@infnet/core';
import { checkSettings, type TrainSettings as EngineSettings, TRAIN_OPTIONS } from '@infnet/segmentation/options';
import type { AskedSettings, TrainData, TrainSettings } from './train-protocol.js';

/** Everything that is chosen on the page. */
const ASKED: readonly (keyof AskedSettings)[] = [
  ...(['task', 'options', 'size', 'epochs', 'batch', 'lr', 'seed', 'augment', 'masks'] as const),
  ...(['group', 'roundEpochs', 'finetuneEpochs'] as const),
];

/** What fits trainings of minutes on few slices. */
const OWN = {
  ...({ loss: 'dice', schedule: 'cosine', clip: 0.5, cache: 256 } as const),
  ...({ pseudoStart: 'continue', labels: 'probability' } as const),
} satisfies Partial<EngineSettings>;

/** Of a training that begins. @throws InfnetError `TRAIN_UNREADABLE` */
export function settingsOf(asked: AskedSettings, data: TrainData): TrainSettings {
  const { lr, finetuneEpochs } = asked;
  const chosen = Object.fromEntries(ASKED.map((name) => [name, asked[name]]));
  const follows = { roundLr: lr / 3, pseudoEpochs: finetuneEpochs, semi: hasUnlabelled(data), data: data.kind };
  return checkedSettings({ ...chosen, ...OWN, ...follows });
}

function hasUnlabelled(data: TrainData): boolean {
  return data.kind === 'phantoms' ? data.unlabelled > 0 : data.unlabelled.length > 0;
}

/**
 * Settings as they were stored, perhaps by another version of the page.
 *
 * @throws InfnetError `TRAIN_UNREADABLE` naming what is no setting
 */
export function checkedSettings(stored: Readonly<Record<string, unknown>>): TrainSettings {
  const { task, options } = stored;
  const checked = checkSettings(TRAIN_OPTIONS, stored);
  if (!('settings' in checked)) throw unreadable(checked.problems.join(' '));
  if (typeof task !== 'string') throw unreadable('Its task is not said.');
  if (!isOptions(options)) throw unreadable('What its net is built with is not said.');
  return { ...checked.settings, task, options };
}

function isOptions(value: unknown): value is TrainSettings['options'] {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unreadable(why: string): InfnetError {
  return new InfnetError({
    code: 'TRAIN_UNREADABLE',
    message: `This browser holds a training that this version of the page cannot go on with: ${why}`,
    fix: 'Go on with it in the version of the page that stored it. A training that is started here takes its place.',
  });
}

/** Settings as versions of the page stored them that had names of their own; the first ones knew Inf-Net alone. */
interface OlderSettings
  extends Pick<AskedSettings, 'size' | 'epochs' | 'batch' | 'seed' | 'group' | 'roundEpochs'>,
    Partial<Pick<AskedSettings, 'task' | 'options'>> {
  readonly learningRate: number;
  readonly augment: boolean;
  readonly lastEpochs: number;
  readonly backbone?: string;
  readonly width?: number;
  readonly channels?: number;
}

export type StoredSettings = TrainSettings | OlderSettings;

/** @throws InfnetError `TRAIN_UNREADABLE` */
export function upToDate(stored: StoredSettings, data: TrainData): TrainSettings {
  if (!('learningRate' in stored)) return checkedSettings({ ...stored });
  const { learningRate: lr, augment, lastEpochs: finetuneEpochs, backbone = '', width = 1, channels = 32 } = stored;
  const { task = 'infection', options = { backbone, width, channels } } = stored;
  const masks = (data.kind === 'files' ? data.masks : undefined) ?? TRAIN_OPTIONS.masks.default;
  return settingsOf({ ...stored, lr, finetuneEpochs, task, options, masks, augment: augment ? 'mild' : 'none' }, data);
}
