/** Pictures: batch by batch through a net; one that fails is reported, and the others are done. */
import { isInfnetError } from '@infnet/core';
import type { Progress } from '../../progress.js';
import type { SliceFile } from './inputs.js';
import type { Reports } from './reports.js';

/** What is done with each slice. */
export interface SliceWork<Loaded, Output, Report> {
  /** Slices per run of the net. */
  readonly batch: number;
  load(file: SliceFile): Promise<Loaded>;
  /** One output for each. */
  run(batch: readonly Loaded[], signal: AbortSignal | undefined): Promise<readonly Output[]>;
  /** @param seconds time that the slice has taken so far, its share of the run included */
  finish(file: SliceFile, loaded: Loaded, output: Output, seconds: () => number): Promise<Report>;
}

export async function workThrough<Loaded, Output, Report extends object>(
  slices: readonly SliceFile[],
  work: SliceWork<Loaded, Output, Report>,
  reports: Reports<Report>,
  progress: Progress,
  signal: AbortSignal | undefined,
): Promise<void> {
  progress.phase('segmenting', slices.length);
  let next = 0;
  while (next < slices.length && !signal?.aborted && reports.lost === undefined) {
    const batch: { readonly file: SliceFile; readonly loaded: Loaded; readonly seconds: number }[] = [];
    while (batch.length < work.batch && next < slices.length && !signal?.aborted) {
      const file = slices[next++] as SliceFile;
      progress.update(reports.size, file.name);
      const begun = performance.now();
      await work.load(file).then(
        (loaded) => batch.push({ file, loaded, seconds: since(begun) }),
        (error) => reports.fail(file, error),
      );
    }
    if (batch.length === 0 || signal?.aborted) continue;
    const begun = performance.now();
    let outputs: readonly Output[];
    try {
      outputs = await work.run(
        batch.map(({ loaded }) => loaded),
        signal,
      );
    } catch (error) {
      if (signal?.aborted || isInfnetError(error, 'RUN_ABORTED')) break;
      for (const { file } of batch) reports.fail(file, error);
      if (isInfnetError(error, 'CONTEXT_LOST')) reports.lost = error;
      continue;
    }
    const share = since(begun) / batch.length;
    for (const [i, { file, loaded, seconds }] of batch.entries()) {
      // A slice is written whole or not at all.
      if (signal?.aborted) break;
      const finishing = performance.now();
      const soFar = (): number => seconds + share + since(finishing);
      await work.finish(file, loaded, outputs[i] as Output, soFar).then(
        (report) => reports.add(file, report),
        (error) => reports.fail(file, error),
      );
      progress.update(reports.size, file.name);
    }
  }
  if (reports.lost !== undefined) for (const file of slices.slice(next)) reports.fail(file, reports.lost);
  progress.clear();
}

function since(begun: number): number {
  return (performance.now() - begun) / 1000;
}
