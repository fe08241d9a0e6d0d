/** Which task a training is of. */
import { classes, infection, type SegmentationTask } from '@infnet/segmentation';
import type { TrainSettings } from '@infnet/segmentation/options';

export async function taskOf({ multiClass }: Pick<TrainSettings, 'multiClass'>): Promise<SegmentationTask> {
  return multiClass ? classes : infection;
}
