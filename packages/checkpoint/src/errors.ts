import { InfnetError, type InfnetErrorFields } from '@infnet/errors';

/** Codes of this package. They never change meaning; README.md has the table. */
export type CheckpointErrorCode =
  | 'CHECKPOINT_UNKNOWN_FORMAT'
  | 'CHECKPOINT_TRUNCATED'
  | 'CHECKPOINT_CORRUPT'
  | 'CHECKPOINT_UNSUPPORTED'
  | 'CHECKPOINT_FORBIDDEN_GLOBAL'
  | 'CHECKPOINT_LIMIT'
  | 'CHECKPOINT_NO_STATE_DICT'
  | 'CHECKPOINT_AMBIGUOUS'
  | 'CHECKPOINT_TENSOR'
  | 'CHECKPOINT_ONNX'
  | 'CHECKPOINT_ONNX_OPERATOR'
  | 'CHECKPOINT_KEYS';

/** How to fix it, where the same advice holds for many causes. */
export const FIX = {
  download: 'Download the file again and compare its size with the source; if you made it, save it again.',
  resave: 'In Python, where you trust the file, save the tensors alone: torch.save(model.state_dict(), "weights.pth").',
} as const;

/** An {@link InfnetError} that can be told afterwards in which file it happened. */
class CheckpointError extends InfnetError {
  readonly #fields: InfnetErrorFields;

  constructor(fields: InfnetErrorFields) {
    super(fields);
    this.#fields = fields;
  }

  in(file: string): CheckpointError {
    const located = new CheckpointError({ ...this.#fields, where: file });
    located.stack = this.stack;
    return located;
  }
}

/** Makes the error; the caller throws it, so that control flow stays visible. */
export function checkpointError(
  code: CheckpointErrorCode,
  message: string,
  fix: string,
  details?: Readonly<Record<string, unknown>>,
  cause?: unknown,
  where?: string,
): InfnetError {
  return new CheckpointError({ code, message, fix, details, cause, where });
}

/** The bytes contradict the format. */
export function corrupt(message: string, details?: Readonly<Record<string, unknown>>): InfnetError {
  return checkpointError('CHECKPOINT_CORRUPT', message, FIX.download, details);
}

/** The bytes end before the format does. */
export function truncated(message: string, details?: Readonly<Record<string, unknown>>): InfnetError {
  return checkpointError('CHECKPOINT_TRUNCATED', message, FIX.download, details);
}

/**
 * Text from a file as it may stand in a message: quoted, at most 120 characters, and with everything escaped that a
 * terminal might obey or that cannot be seen.
 */
export function quote(text: string): string {
  const short = text.length > 120 ? `${text.slice(0, 117)}...` : text;
  return JSON.stringify(short).replace(/\p{C}/gu, (hidden) => `\\u{${hidden.codePointAt(0)?.toString(16)}}`);
}

/** A key as it may stand in a message: as it is if it looks like one, else quoted. */
export function printable(name: string): string {
  return /^[!-~]{1,200}$/.test(name) ? name : quote(name);
}

/** Runs `read` and adds the file's name to an error that does not yet say where it happened. */
export function locate<T>(file: string | undefined, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (file === undefined || !(error instanceof CheckpointError) || error.where !== undefined) throw error;
    throw error.in(file);
  }
}
