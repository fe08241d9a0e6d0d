/** Where a training stands: in a line, in the log, and in the names of pictures. */
import type { Place } from '../train/session.js';
import { isPictured } from './samples.js';

const STAGES = { labelled: 1, rounds: 2, pseudo: 3, finetune: 4 } as const;

export function placeLine({ stage, round }: Place): { readonly stage?: string; readonly round?: number } {
  return { ...(stage === undefined ? {} : { stage }), ...(round === undefined ? {} : { round }) };
}

export function placeText({ stage, round = 0, rounds }: Place): string {
  if (stage !== 'rounds') return `stage ${stage}`;
  return `round ${round}${rounds === undefined ? '' : ` of ${rounds}`}`;
}

/** Under which name pictures of a stage or round are kept; undefined: not at all. */
export function stageKey({ stage = 'labelled', round = 0, rounds }: Place): string | undefined {
  if (stage !== 'rounds') return `${STAGES[stage]}-${stage}`;
  const isWanted = isPictured(round) || round === rounds;
  return isWanted ? `${STAGES.rounds}-round-${String(round).padStart(3, '0')}` : undefined;
}
