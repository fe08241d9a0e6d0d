import { InfnetError } from '@infnet/errors';

/** Codes of this package. They never change meaning; README.md has the table. */
export type ReportErrorCode =
  | 'REPORT_UNKNOWN_KIND'
  | 'REPORT_RAGGED_ROWS'
  | 'REPORT_VALUE'
  | 'REPORT_PICTURE'
  | 'REPORT_DATA';

/**
 * Makes the error; the caller throws it. `where` is the place in the report, such as `sections[1].blocks[0].rows[3]`.
 */
export function reportError(
  code: ReportErrorCode,
  message: string,
  where: string,
  fix: string,
  details?: Readonly<Record<string, unknown>>,
  cause?: unknown,
): InfnetError {
  return new InfnetError({ code, message, where, fix, details, cause });
}
