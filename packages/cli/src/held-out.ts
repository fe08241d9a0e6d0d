/** Which slices of a data set are set aside: `--validate`. */
import { heldOut } from '@infnet/segmentation';
import { cliError } from './errors.js';

/** @throws InfnetError `CLI_USAGE` */
export function parseValidate(text: string, dataset: Parameters<typeof heldOut>[1]): number | number[] {
  const aside = heldOut(text, dataset);
  if (aside !== undefined) return aside;
  throw cliError(
    'CLI_USAGE',
    `--validate ${text} is not understood.`,
    'Give a share like 0.2, positions in the order of names like 4,9,14, every-fifth, train (the slices trained on), or none.',
  );
}
