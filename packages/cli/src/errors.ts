/** Errors as people and programs are told them. */
import { dirname } from 'node:path';
import { InfnetError, isInfnetError, plainMessage } from '@infnet/core';
import { adviceInFlags } from './advice.js';
import { adviceFor } from './shell.js';

export type CliErrorCode =
  /** Options that do not fit together or with the files. */
  | 'CLI_USAGE'
  /** No slice to work on. */
  | 'CLI_NO_INPUT'
  /** Two inputs would write the same files, or a result would overwrite an input. */
  | 'CLI_OUTPUT_CLASH'
  /** The folder for the results cannot be made. */
  | 'CLI_OUTPUT_FOLDER'
  /** A folder that holds a run already, or none. */
  | 'CLI_RUN_FOLDER'
  /** The checkpoint belongs to no backbone that is known. */
  | 'CLI_BACKBONE'
  /** The checkpoint is of another net than is asked for, or its channels or classes are other ones. */
  | 'CLI_WRONG_NET'
  /** A slice without an infection prior, several of them, or one of another size. */
  | 'CLI_PRIOR'
  /** The net's values are not finite. */
  | 'CLI_NOT_FINITE'
  /** A module that is no task, or cannot be loaded. */
  | 'CLI_TASK'
  /** No kernel of that name. */
  | 'CLI_KERNEL'
  /** A prediction without a mask, a mask without a prediction, or several files of one name. */
  | 'CLI_UNPAIRED'
  /** A picture that is no class map. */
  | 'CLI_NOT_CLASSES'
  /** A picture with colours where a map or a mask is wanted. */
  | 'CLI_NOT_GREY'
  /** A mask with other values than two. */
  | 'CLI_NOT_BINARY'
  /** A volume that is neither a probability nor a mask. */
  | 'CLI_NOT_MAP'
  /** Two volumes that do not lie on one grid. */
  | 'CLI_GRID'
  /** Every slice failed, so there are no scores. */
  | 'CLI_NOTHING_SCORED'
  /** The answer could not be written to the standard output. */
  | 'CLI_STDOUT'
  /** Ctrl-C. */
  | 'CLI_INTERRUPTED';

export function cliError(
  code: CliErrorCode,
  message: string,
  fix?: string,
  more: {
    readonly where?: string;
    readonly details?: Readonly<Record<string, unknown>>;
    readonly cause?: unknown;
  } = {},
): InfnetError {
  return new InfnetError({ code, message, fix, ...more });
}

/** The command line's names of what the floors below call otherwise. */
const CODES: Readonly<Record<string, CliErrorCode>> = {
  RESULT_NOT_FINITE: 'CLI_NOT_FINITE',
  MAP_SIZE: 'CLI_UNPAIRED',
  TASK_WRONG_NET: 'CLI_WRONG_NET',
};

/** An error in parts, for JSON and for the table of failures. */
export interface Reason {
  readonly code: string;
  /** What happened, without code, place and fix. */
  readonly message: string;
  readonly fix?: string;
}

/** A file that failed, and why. */
export interface FailedFile extends Reason {
  readonly file: string;
}

export function reasonOf(error: unknown): Reason {
  if (!isInfnetError(error)) {
    const message = error instanceof Error ? error.message : String(error);
    return {
      code: 'UNEXPECTED',
      message,
      fix: 'This is a fault of infnet: please report it with the stack (INFNET_DEBUG=1 shows it).',
    };
  }
  return { code: codeOf(error), message: plainMessage(error), fix: inFlags(error.fix) };
}

/** An error about a file: where its folder is meant, the advice names it. */
export function reasonOn(file: string, error: unknown): Reason {
  const reason = reasonOf(error);
  return reason.fix === undefined ? reason : { ...reason, fix: adviceFor(dirname(file), reason.fix) };
}

/** For the terminal: infnet's own errors as they are, others with a hint. */
export function renderError(error: unknown): string {
  if (isInfnetError(error)) {
    const { where, fix } = error;
    return withStack(
      new InfnetError({ code: codeOf(error), message: plainMessage(error), where, fix: inFlags(fix) }).message,
      error,
    );
  }
  const { message, fix } = reasonOf(error);
  return withStack(`Unexpected error: ${message}\n  Fix: ${fix}`, error);
}

function codeOf({ code }: InfnetError): string {
  return CODES[code] ?? code;
}

function inFlags(fix: string | undefined): string | undefined {
  return fix === undefined ? undefined : adviceInFlags(fix);
}

function withStack(text: string, error: unknown): string {
  if (!process.env['INFNET_DEBUG'] || !(error instanceof Error)) return text;
  return `${text}\n${error.stack}`;
}
