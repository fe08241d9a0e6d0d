/** Every item of a source scored, with the files that failed; and results written, where that does not fail. */
import { printable } from '@infnet/core';
import { writeFileAtomic } from '@infnet/node';
import { cliError, type FailedFile, reasonOf } from '../../errors.js';
import { FailureTeller } from '../../failures.js';
import type { Progress } from '../../progress.js';
import type { Item, SliceSource } from './source.js';

const SHOWN = 10;

export interface Scored<S> {
  readonly slices: readonly S[];
  /** Grows by what fails later. */
  readonly failed: FailedFile[];
  readonly metricsSeconds: number;
}

/** @throws InfnetError `CLI_INTERRUPTED`, `CLI_NOTHING_SCORED` */
export async function scoreAll<I extends Pick<Item, 'name'> & Partial<Pick<Item, 'files'>>, S>(
  source: SliceSource<I>,
  score: (item: I) => S,
  progress: Progress,
  signal: AbortSignal | undefined,
): Promise<Scored<S>> {
  const slices: S[] = [];
  const failed: FailedFile[] = [];
  const teller = new FailureTeller(progress);
  let metricsSeconds = 0;
  const fail = (failure: FailedFile): void => {
    failed.push(failure);
    teller.tell(failure.file, failure);
  };
  for (const failure of source.failed) fail(failure);
  let total = source.total;
  progress.phase('evaluating', total);
  for await (const found of source.items(signal)) {
    if (total !== source.total) {
      total = source.total;
      progress.phase('evaluating', total, slices.length);
    }
    if ('failed' in found) {
      fail(found.failed);
      continue;
    }
    const { item } = found;
    const begun = performance.now();
    try {
      slices.push(score(item));
    } catch (error) {
      fail({ file: item.files?.['prediction'] ?? item.files?.['image'] ?? item.name, ...reasonOf(error) });
    }
    metricsSeconds += (performance.now() - begun) / 1000;
    progress.update(slices.length, item.name);
    // Lets a signal in.
    await new Promise((done) => setImmediate(done));
    if (signal?.aborted) break;
  }
  progress.clear();
  if (signal?.aborted && slices.length < source.total) {
    const message = `stopped after ${slices.length} of ${source.total} slices; nothing was written`;
    throw cliError('CLI_INTERRUPTED', message);
  }
  if (slices.length === 0) {
    const lines = failed.slice(0, SHOWN).map(({ file, code, message }) => `  ${printable(file)}: [${code}] ${message}`);
    const more = failed.length > SHOWN ? [`  and ${failed.length - SHOWN} more`] : [];
    throw cliError(
      'CLI_NOTHING_SCORED',
      `None of ${source.total} slices could be scored:\n${[...lines, ...more].join('\n')}`,
      failed[0]?.fix,
      { details: { failed } },
    );
  }
  return { slices, failed, metricsSeconds };
}

/** A file that cannot be written is told and reported, as one that cannot be read. */
export async function writeOrTell(file: string, text: string, failed: FailedFile[], progress: Progress): Promise<void> {
  try {
    await writeFileAtomic(file, new TextEncoder().encode(text));
  } catch (error) {
    tellFailure({ file, ...reasonOf(error) }, failed, progress);
  }
}

export function tellFailure(failure: FailedFile, failed: FailedFile[], progress: Progress): void {
  failed.push(failure);
  new FailureTeller(progress).tell(failure.file, failure);
}
