/** Volumes, one after the other; one that fails is reported, and the others are done. */
import { isInfnetError } from '@infnet/core';
import type { SliceFile } from './inputs.js';
import type { Reports } from './reports.js';
import { segmentVolume, type VolumeRun } from './volume.js';

export async function segmentVolumes(files: readonly SliceFile[], reports: Reports, run: VolumeRun): Promise<void> {
  const { progress, signal } = run;
  for (const file of files) {
    if (signal?.aborted) break;
    if (reports.lost !== undefined) {
      reports.fail(file, reports.lost);
      continue;
    }
    progress.phase(`reading ${file.name}`, 1);
    progress.update(0);
    try {
      const volume = await segmentVolume(file, run);
      if (volume === undefined) break;
      reports.add(file, { volume });
    } catch (error) {
      reports.fail(file, error);
      if (isInfnetError(error, 'CONTEXT_LOST')) reports.lost = error;
    }
  }
  progress.clear();
}
