/** What the worker tells of a training on its way. */
import { batch } from '@preact/signals';
import { announce, tell } from '../../app/notices.js';
import type { TrainEvent } from '../../worker/train-protocol.js';
import { epochs, isElsewhere, memory, mine, pictures, place, progress, rounds, show, steps } from './state.js';

export function hear(event: TrainEvent): void {
  batch(() => {
    switch (event.kind) {
      case 'record':
        mine.set(event.record.id);
        isElsewhere.value = false;
        show(event.record);
        return;
      case 'progress':
        progress.value = event.progress;
        return;
      case 'memory':
        memory.value = event.bytes;
        return;
      case 'step': {
        const { line, kind: _, ...where } = event;
        progress.value = undefined;
        steps.value = [...steps.value, line];
        place.value = where;
        return;
      }
      case 'epoch':
        epochs.value = [...epochs.value, event.line];
        return;
      case 'round':
        rounds.value = [...rounds.value, event.line];
        announce(`Round ${event.line.round}: ${event.line.pseudo} slices with a label of the net's own`);
        return;
      case 'pictures':
        pictures.value = event.pictures;
        return;
      case 'rebuilt': {
        const before = <T extends { readonly step: number }>(lines: readonly T[]): T[] =>
          lines.filter(({ step }) => step <= event.step);
        steps.value = before(steps.value);
        epochs.value = before(epochs.value);
        rounds.value = before(rounds.value);
        tell(`The training went on from step ${event.step}, on another device.`);
        return;
      }
      case 'damaged':
        tell(
          `The last stored state is damaged (${event.why}). The training goes on from the one before, step ${event.step}.`,
        );
        return;
      case 'unstored':
        tell(`The training could not be stored: ${event.why}. It goes on, and the next state is tried again.`);
        return;
      case 'fleeting':
        tell(
          'This browser gives the page no storage: the training is lost when the page is closed. Save its weights before.',
        );
        return;
      case 'stored':
    }
  });
}
