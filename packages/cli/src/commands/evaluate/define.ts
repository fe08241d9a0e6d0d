/** `infnet evaluate` and its help. */
import { InvalidArgumentError } from 'commander';
import type { Definition } from '../../command.js';
import { EXIT } from '../../io.js';
import { EVALUATE_OPTIONS } from './options.js';

const HELP = `
Either predictions that are there, paired with masks by name (7.prob.png, 7.mask.png or 7.png with 7.png):
  infnet evaluate --pred RESULTS --gt MASKS [--images SLICES]
or a net, which predicts the slices of a data set (Imgs and GT) first:
  infnet evaluate --weights W --data DATA [--validate every-fifth]

Maps are 8 or 16 bit grey PNG or JPEG; one of another size than its mask is resized bilinearly to the mask's. Scores are those of the
paper (over the thresholds 0/255, 1/255, ..., 255/255), and overlap at --threshold. With --out: scores.csv, scores.json, report.html.

Volumes (.nii, .nii.gz; predictions 0 to 1 or 0 and 1) are scored slice by slice, all slices, and as a whole: volumes.csv with
millilitres. Prediction and truth lie on one grid, in any storage order.

With --multi-class, background, ground-glass and consolidation are scored one by one: over the pixels of all slices, and as mean
over slices; volumes of labels also as a whole. --out then gets scores.csv and scores.json, and volumes.csv.

Exit codes: ${EXIT.ok} all evaluated, ${EXIT.someFailed} some files failed (named) and the others were evaluated, ${EXIT.setUp} wrong usage or set-up, or nothing could be
evaluated, ${EXIT.interrupted} stopped by Ctrl-C; nothing is written then`;

export const EVALUATE: Definition<typeof EVALUATE_OPTIONS> = {
  name: 'evaluate',
  summary: 'score predictions against masks',
  description:
    'Scores probability maps or masks against the true masks: Dice, sensitivity, specificity, S-measure, E-measure, MAE with intervals.',
  options: EVALUATE_OPTIONS,
  parsers: { validate: positions },
  help: HELP,
};

/** What `--validate` takes here; `infnet train` has more. */
function positions(text: string): string {
  const share = Number(text);
  if (text === 'every-fifth' || /^\d+(,\d+)*$/.test(text) || (text.trim() !== '' && share > 0 && share < 1))
    return text;
  throw new InvalidArgumentError('Give a share like 0.2, positions like 4,9,14, or every-fifth.');
}
