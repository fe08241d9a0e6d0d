/** How a run ended: in a line, and as a document. */

import type { TrainSettings } from '../train/options.js';
import type { Place, SessionEnd } from '../train/session.js';
import { checkpointFile, FILES } from './folder.js';
import { PSEUDO_LABELS } from './labels.js';
import { placeText } from './place.js';
import type { propagationDocument } from './semi-report.js';
import type { RunStore } from './store.js';

export interface Ending {
  readonly settings: TrainSettings;
  readonly store: RunStore;
  readonly place: Place;
  readonly steps: number;
  /** Epochs of all stages. */
  readonly epochs: number;
  /** Of several stages. */
  readonly propagation: ReturnType<typeof propagationDocument> | undefined;
}

export function endText({ stopped, state }: SessionEnd, { settings, place, steps, epochs }: Ending): string {
  if (state.kind === 'propagation') {
    if (stopped === 'aborted') return `interrupted in ${placeText(place)}, after step ${steps}`;
    return `finished: ${state.state.rounds.length} rounds, ${epochs} epochs`;
  }
  const { epoch, step } = state.state.position;
  return {
    finished: `finished: ${settings.epochs} epochs`,
    early: `stopped early after epoch ${epoch}: no better validation for ${settings.patience} of them`,
    aborted: `interrupted in epoch ${epoch + 1} of ${settings.epochs}, after step ${step}`,
  }[stopped];
}

/** What the run's document has beside what every run has. */
export function endDocument(
  { stopped, state }: SessionEnd,
  { settings, store, propagation }: Ending,
): Readonly<Record<string, unknown>> {
  const { config, log, report } = FILES;
  const common = { config: store.where(config), log: store.where(log), report: store.where(report) };
  const file = (name: Parameters<typeof checkpointFile>[0]): string => store.where(checkpointFile(name));
  const final = stopped === 'aborted' ? {} : { final: file('final') };
  if (state.kind === 'propagation') {
    const files = {
      ...common,
      propagation: store.where(FILES.propagation),
      pseudoLabels: store.where(PSEUDO_LABELS),
      state: file('last'),
      supervised: settings.epochs > 0 ? file('supervised') : settings.weights,
      ...final,
    };
    return { stopped, semi: propagation, files };
  }
  const { best, position } = state.state;
  const files = { ...common, state: file('last'), ...(best === undefined ? {} : { best: file('best') }), ...final };
  return { stopped, position, best: best === undefined ? null : { ...best, epoch: best.epoch + 1 }, files };
}
