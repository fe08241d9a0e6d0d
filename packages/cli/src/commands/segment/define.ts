/** `infnet segment` and its help. */
import { Argument } from 'commander';
import type { Definition } from '../../command.js';
import { EXIT_CODES } from '../../exit-codes.js';
import { SEGMENT_OPTIONS } from './options.js';

export const SEGMENT: Definition<typeof SEGMENT_OPTIONS> = {
  name: 'segment',
  summary: 'segment slices and volumes',
  description:
    'Segments CT slices (PNG or JPEG, 8 or 16 bit, grey or RGB) and volumes (NIfTI, .nii or .nii.gz). A folder stands for ' +
    'its .png, .jpg, .jpeg, .nii and .nii.gz files (not those of its subfolders). For each slice three pictures of its own ' +
    'size are written: <stem>.prob.png, <stem>.mask.png (0/255), <stem>.overlay.png; for each volume <stem>.prob.nii.gz and ' +
    '<stem>.mask.nii.gz (0/1) on its own grid, and <stem>.overlay.png with up to 12 slices; for all together summary.csv.',
  argument: new Argument('<paths...>', 'slices, volumes, or folders of them'),
  options: SEGMENT_OPTIONS,
  needs: ['weights', 'out'],
  help: `
Probability: sigmoid of lateral map 2, brought bilinearly to the slice's size. It is written as it is (0..1 onto 0..255),
not stretched, so that a slice without infection stays dark; --stretch does what the paper's figures were made with.
Results of an earlier run are overwritten; nothing else in the folder is touched.

With --multi-class, <stem>.classes.png (0 background, 1 ground-glass, 2 consolidation) and <stem>.overlay.png (ground-glass red,
consolidation green) are written, and <stem>.prior.png where Inf-Net made it.
${EXIT_CODES}`,
};
