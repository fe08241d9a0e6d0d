/** Refusals that several parts of the NIfTI reader have. */
import type { InfnetError } from '@infnet/errors';
import { dataError } from '../errors.js';

const AGAIN = 'Copy or download the file again.';

/** The header is none, or says what cannot be. */
export function badHeader(
  where: string,
  message: string,
  details: Record<string, unknown> = {},
  fix = 'Check that this is a NIfTI volume (.nii or .nii.gz), and export it again.',
): InfnetError {
  return dataError({ code: 'DATA_NIFTI', message, where, fix, details });
}

/** How to make one file of two. */
export const JOIN_PAIR =
  'Convert it to one file (.nii or .nii.gz), e.g. in Python: nibabel.save(nibabel.load("x.hdr"), "x.nii.gz").';

/** The second file of a pair. */
export function voxelsAlone(where: string): InfnetError {
  const message =
    'The file holds the voxels of a pair of files, as its name says (.img): what they are is in another file (.hdr).';
  return dataError({ code: 'DATA_NIFTI_PAIR', message, where, fix: JOIN_PAIR });
}

export function niftiTruncated(where: string, message: string, details: Record<string, unknown> = {}): InfnetError {
  return dataError({ code: 'DATA_TRUNCATED', message, where, fix: AGAIN, details });
}

export function niftiCorrupt(where: string, message: string, cause?: unknown): InfnetError {
  return dataError({ code: 'DATA_CORRUPT', message, where, fix: AGAIN, cause });
}
