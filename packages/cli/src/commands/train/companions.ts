import type { SegmentationTask } from '@infnet/segmentation';
import { cliError } from '../../errors.js';

/** @throws InfnetError `CLI_PRIOR` where no slice has the maps that the task asks for beside it */
export function requireCompanions(
  { companions }: Pick<SegmentationTask, 'companions'>,
  { items }: { readonly items: readonly object[] },
  where: string,
): void {
  if (companions.length === 0 || items.some((item) => 'prior' in item && item.prior !== undefined)) return;
  throw cliError(
    'CLI_PRIOR',
    'There is no folder Prior beside Imgs and GT: the U-Net gets where a slice is infected, as a mask or a map.',
    'Put one there, with a picture for every slice under its name. Inf-Net makes them: infnet pseudo-label --data SET --weights W --out MADE, then MADE/GT is the folder.',
    { where },
  );
}
