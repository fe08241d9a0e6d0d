/** The options of `infnet segment` and their help. */
import { Argument, type Command } from 'commander';
import { EXIT_CODES } from '../../exit-codes.js';
import type { Io } from '../../io.js';
import { addOptions } from '../../option-table.js';
import { givenOptions, needs } from '../../options.js';
import { SEGMENT_OPTIONS, type SegmentOptions } from './options.js';

export function addSegment(program: Command, io: Io, done: (code: number) => void): void {
  const command = program
    .command('segment')
    .summary('segment slices and volumes')
    .description(
      'Segments CT slices (PNG or JPEG, 8 or 16 bit, grey or RGB) and volumes (NIfTI, .nii or .nii.gz). A folder stands for ' +
        'its .png, .jpg, .jpeg, .nii and .nii.gz files (not those of its subfolders). For each slice three pictures of its own ' +
        'size are written: <stem>.prob.png, <stem>.mask.png (0/255), <stem>.overlay.png; for each volume <stem>.prob.nii.gz and ' +
        '<stem>.mask.nii.gz (0/1) on its own grid, and <stem>.overlay.png with up to 12 slices; for all together summary.csv.',
    )
    .addArgument(new Argument('<paths...>', 'slices, volumes, or folders of them'));
  addOptions(command, SEGMENT_OPTIONS);
  command
    .addHelpText(
      'after',
      `
Probability: sigmoid of lateral map 2, brought bilinearly to the slice's size. It is written as it is (0..1 onto 0..255),
not stretched, so that a slice without infection stays dark; --stretch does what the paper's figures were made with.
Results of an earlier run are overwritten; nothing else in the folder is touched.

With --multi-class, <stem>.classes.png (0 background, 1 ground-glass, 2 consolidation) and <stem>.overlay.png (ground-glass red,
consolidation green) are written, and <stem>.prior.png where Inf-Net made it.
${EXIT_CODES}`,
    )
    .action(async (paths: string[], options: Omit<SegmentOptions, 'paths' | 'given'>, command: Command) => {
      needs(command, 'weights', 'out');
      const { segment } = await import('./segment.js');
      done(await segment({ ...options, paths, given: givenOptions(command) }, io));
    });
}
