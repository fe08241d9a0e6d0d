/** The visitor's own slices for a training: taken, read once, and told what they are or what is wrong with them. */
import type { MaskMode } from '@infnet/data';
import { batch, type Signal, signal } from '@preact/signals';
import { announce, wireOf } from '../../app/notices.js';
import { trainWorker } from '../../app/workers.js';
import { type Progress, STOPPED, type WireError } from '../../protocol.js';
import type { SlicesReport, StoredFile } from '../../worker/train-protocol.js';
import { canLabel, settings } from './state.js';

export type Checked =
  | { readonly state: 'reading'; readonly progress: Progress | undefined }
  | { readonly state: 'fit'; readonly report: SlicesReport }
  | { readonly state: 'wrong'; readonly error: WireError };

export class OwnSlices {
  readonly files: Signal<readonly StoredFile[]> = signal([]);
  /** Undefined: nothing was dropped. */
  readonly checked: Signal<Checked | undefined> = signal(undefined);
  readonly #labelled: boolean;
  #reading: AbortController | undefined;

  constructor(labelled: boolean) {
    this.#labelled = labelled;
  }

  /** In place of what was taken before. */
  async take(files: readonly StoredFile[]): Promise<void> {
    this.#reading?.abort();
    const reading = new AbortController();
    this.#reading = reading;
    const tell = (checked: Checked | undefined): void => {
      if (this.#reading === reading) this.checked.value = checked;
    };
    batch(() => {
      this.files.value = files;
      tell(files.length === 0 ? undefined : { state: 'reading', progress: undefined });
    });
    if (files.length === 0) return;
    try {
      const report = await trainWorker().ask(
        'trainCheck',
        { files, labelled: this.#labelled, settings: settings.value },
        { signal: reading.signal, onEvent: (progress) => tell({ state: 'reading', progress }) },
      );
      tell({ state: 'fit', report });
      announce(`${report.count} slices ${this.#labelled ? 'with' : 'without'} masks`);
    } catch (failure) {
      const error = wireOf(failure);
      if (error.code !== STOPPED) tell({ state: 'wrong', error });
    }
  }
}

export const labelled: OwnSlices = new OwnSlices(true);
export const unlabelled: OwnSlices = new OwnSlices(false);

export async function chooseMasks(mode: MaskMode): Promise<void> {
  settings.value = { ...settings.value, masks: mode };
  await checkAgain();
}

/** What they are read as has changed. */
export async function checkAgain(): Promise<void> {
  await labelled.take(labelled.files.value);
}

/** Whether a training can start with them. */
export function ownSlicesFit(): boolean {
  const rest = canLabel() ? (unlabelled.checked.value?.state ?? 'fit') : 'fit';
  return labelled.checked.value?.state === 'fit' && rest === 'fit';
}
