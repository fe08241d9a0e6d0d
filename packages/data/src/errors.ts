/** Errors of this package. Codes: see the README's table. */
import { InfnetError, type InfnetErrorFields } from '@infnet/errors';

/** What goes wrong with files and arrays, by code. */
export type DataErrorCode =
  | 'DATA_ARGUMENT'
  | 'DATA_CORRUPT'
  | 'DATA_DATASET'
  | 'DATA_EMPTY'
  | 'DATA_JPEG_DECODER'
  | 'DATA_NIFTI'
  | 'DATA_NIFTI_PAIR'
  | 'DATA_NIFTI_SERIES'
  | 'DATA_NIFTI_TYPE'
  | 'DATA_NOT_FINITE'
  | 'DATA_NPY'
  | 'DATA_RELEASED_LABEL'
  | 'DATA_TOO_LARGE'
  | 'DATA_TOO_SMALL'
  | 'DATA_TRUNCATED'
  | 'DATA_UNKNOWN_FORMAT'
  | 'DATA_UNSUPPORTED'
  | 'DATA_ZERO_SIZE';

export function dataError(fields: InfnetErrorFields & { readonly code: DataErrorCode }): InfnetError {
  return new InfnetError(fields);
}
