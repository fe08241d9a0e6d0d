/** What a tuner found, as plain JSON that can be kept, shipped and read again. */
import { InfnetError } from '@infnet/errors';
import type { AdapterDescription } from './adapter.js';
import type { Precision } from './precision.js';

/** The candidates of one shape. Seconds are medians of one computation; a candidate that failed has a text instead. */
export interface LayerTuning {
  readonly key: string;
  /** Module path of the first node that does this. */
  readonly scope: string;
  /** How many nodes of the graph do this. */
  readonly count: number;
  /** The operator's own choice. */
  readonly own: string;
  readonly seconds: Readonly<Record<string, number>>;
  /** Candidates that did not run or differed too much, with what was wrong. */
  readonly refused: Readonly<Record<string, string>>;
}

export interface Tuning {
  readonly version: 1;
  /** {@link adapterKey} of the adapter. */
  readonly adapter: string;
  readonly precision: Precision;
  /** Key to candidate, where another than the operator's own is faster. */
  readonly choices: Readonly<Record<string, string>>;
  readonly layers: readonly LayerTuning[];
  /** Wall seconds of the whole graph without and with the choices, alternating. Not faster: `choices` is empty. */
  readonly whole: { readonly own: readonly number[]; readonly tuned: readonly number[] };
}

/** What tells one adapter from another: what was tuned on one is not for the other. */
export function adapterKey({ vendor, architecture, device, description }: AdapterDescription): string {
  return [vendor, architecture, device, description].filter((text) => text !== '').join(' | ');
}

/** @throws InfnetError `TUNING_ADAPTER`. */
export function assertAdapter(tuning: Tuning, adapter: AdapterDescription): void {
  const here = adapterKey(adapter);
  if (tuning.adapter === here) return;
  throw new InfnetError({
    code: 'TUNING_ADAPTER',
    message: `the tuning was made on "${tuning.adapter}", this adapter is "${here}"`,
    fix: 'Tune on this adapter, or leave the tuning out: results are right without it.',
  });
}

/**
 * Reads what `JSON.stringify(tuning)` wrote.
 *
 * @param where name of the file, for the error
 * @throws InfnetError `TUNING_INVALID`.
 */
export function parseTuning(text: string, where = 'parseTuning'): Tuning {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalid(`it is not JSON: ${cause instanceof Error ? cause.message : cause}`, where);
  }
  const { version, adapter, precision, choices, layers, whole } = (value ?? {}) as Partial<Tuning>;
  if (version !== 1) throw invalid(`version ${JSON.stringify(version)} is not 1`, where);
  if (typeof adapter !== 'string') throw invalid('"adapter" is missing', where);
  if (precision !== 'exact' && precision !== 'fast' && precision !== 'half')
    throw invalid(`precision ${JSON.stringify(precision)}`, where);
  if (!isTextRecord(choices)) throw invalid('"choices" is no object of texts', where);
  const { own = [], tuned = [] } = whole ?? {};
  return { version, adapter, precision, choices, layers: Array.isArray(layers) ? layers : [], whole: { own, tuned } };
}

function isTextRecord(value: unknown): value is Readonly<Record<string, string>> {
  return (
    typeof value === 'object' && value !== null && Object.values(value).every((choice) => typeof choice === 'string')
  );
}

function invalid(what: string, where: string): InfnetError {
  return new InfnetError({
    code: 'TUNING_INVALID',
    message: `no tuning can be read: ${what}`,
    where,
    fix: 'Make it again with `infnet tune` or `tune` of @infnet/core/tune.',
  });
}
