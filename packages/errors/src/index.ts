/**
 * Errors as values a person can act on: a stable code, what happened, where, and how to fix it.
 *
 * Every failure of an infnet package is an {@link InfnetError}. Codes are upper snake case, start with the area
 * (`SHAPE_`, `DEVICE_`, `MEMORY_`, `CHECKPOINT_`, `DATA_`, `KERNEL_`, `GRAPH_`, `CLI_`) and never change meaning.
 */
import { escapeControls, printable } from './printable.js';

export { escapeControls, printable } from './printable.js';

export interface InfnetErrorFields {
  /** Stable, upper snake case, e.g. `SHAPE_MISMATCH`. */
  readonly code: string;
  /** What happened, one sentence, with the figures. */
  readonly message: string;
  /** Where: a module path, a file, a kernel. */
  readonly where?: string;
  /** How to fix it: what to do next, in the imperative. */
  readonly fix?: string;
  /** Machine-readable facts (shapes, limits, file names). */
  readonly details?: Readonly<Record<string, unknown>>;
  /** The error that led to this one. */
  readonly cause?: unknown;
}

/** An error with a code, what happened, where, and how to fix it. */
export class InfnetError extends Error {
  override readonly name = 'InfnetError';
  readonly code: string;
  readonly where: string | undefined;
  readonly fix: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(fields: InfnetErrorFields) {
    super(render(fields), fields.cause === undefined ? undefined : { cause: fields.cause });
    this.code = fields.code;
    this.where = fields.where;
    this.fix = fields.fix;
    this.details = fields.details ?? {};
  }
}

/**
 * Whether `error` is an {@link InfnetError} (of the given code, if one is given). Compares by name, not by class, so
 * that two copies of this package in one bundle still recognise each other's errors.
 */
export function isInfnetError(error: unknown, code?: string): error is InfnetError {
  if (!(error instanceof Error) || error.name !== 'InfnetError') return false;
  return code === undefined || (error as InfnetError).code === code;
}

/** Most characters of a place: more than any path that a person can read. */
const MOST_WHERE = 500;

function render(fields: InfnetErrorFields): string {
  const where = fields.where === undefined ? '' : ` (at ${printable(fields.where, MOST_WHERE)})`;
  const fix = fields.fix === undefined ? '' : `\n  Fix: ${fields.fix}`;
  return escapeControls(`[${fields.code}] ${fields.message}${where}${fix}`);
}

/** The message alone: without the code before it, and without place and fix behind it. */
export function plainMessage({ code, message, where, fix }: InfnetError): string {
  const empty = render({ code, message: '', where, fix });
  const head = `[${code}] `;
  const tail = empty.slice(head.length);
  const rest = message.startsWith(head) ? message.slice(head.length) : message;
  return tail !== '' && rest.endsWith(tail) ? rest.slice(0, -tail.length) : rest;
}
