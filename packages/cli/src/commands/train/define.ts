/** The options of `infnet train` and their help. */
import { namesWhere, optionFlag, TRAIN_OPTIONS } from '@infnet/segmentation/options';
import type { Definition } from '../../command.js';
import { EXIT } from '../../io.js';
import { TRAIN_COMMAND } from './options.js';

const CHANGEABLE = namesWhere(TRAIN_OPTIONS, ({ changes }) => changes === true)
  .map(optionFlag)
  .join(', ');

const HELP = `
The data folder holds Imgs, GT and perhaps Edge (the layout of COVID-SemiSeg), anywhere below it; files pair by name. Edges that
are missing are derived from the masks. A volume (.nii, .nii.gz) is its axial slices, all of them; its mask is a volume on the same grid.
One patient is never on both sides: --validate takes volumes as a whole.

The run folder gets config.json, log.jsonl, report.html (look at it while it trains), checkpoints/ (last: the whole state; best,
final: weights for infnet segment) and samples/. Ctrl-C saves and stops; a run that was stopped or killed continues with
  infnet train --out RUN --resume
and ends with the same bits as one that was never stopped. On the way only these may change:
${CHANGEABLE}.

The paper starts from a backbone trained on ImageNet: --backbone-weights FILE, with the layout of Res2Net's released files, timm's or
torchvision's. A file of a backbone alone may be given by --weights too.

The defaults are the paper's recipe at one scale: Adam, 1e-4, a tenth of it after every 50 epochs. The paper trains at three scales:
--scales 0.75,1,1.25. What the released code really does differs: --schedule as-released; --loss as-released is its loss.

With --multi-class the second stage is trained: a U-Net that gets the slice and the infection (folder Prior: masks or maps) and
tells ground-glass from consolidation (class maps in GT). Defaults are then the released ones: SGD with momentum 0.7, rate 1e-2,
constant, no clip; but --loss cross-entropy over the three classes. --loss as-released is what the released code does to labels
and channels, for comparison.

With --semi (Inf-Net's randomly selected propagation): train on the labelled slices (--epochs); then, round by round, label --group
slices with the net as it is and go on with all that is labelled (--round-epochs); then train on all of it (--pseudo-epochs) and
fine-tune on the labelled slices (--finetune-epochs). checkpoints/supervised is the net before the first pseudo label.

Exit codes: ${EXIT.ok} trained, ${EXIT.someFailed} trained but some files could not be written, ${EXIT.setUp} wrong usage, data or set-up, or not-finite values, ${EXIT.interrupted} stopped by Ctrl-C`;

export const TRAIN: Definition<typeof TRAIN_COMMAND> = {
  name: 'train',
  summary: 'train a net on slices with masks',
  description: 'Trains Inf-Net on a folder of slices and masks, with everything about it in a run folder.',
  options: TRAIN_COMMAND,
  needs: ['out'],
  help: HELP,
};
