/** The device of a command, with a tuning where one is given. */

import { type Context, type OpenOptions, open } from '@infnet/core';
import { parseTuning } from '@infnet/core/tune';
import { readFile } from '@infnet/node';

export interface ContextOptions extends Pick<OpenOptions, 'adapter'> {
  /** A file of `infnet tune`. */
  readonly tuning?: string;
}

/**
 * @param onMessage gets the line that says which adapter was taken
 * @throws InfnetError `FILE_...`, `TUNING_...`, `DEVICE_...`
 */
export async function openContext(
  { adapter, tuning }: ContextOptions,
  onMessage: (line: string) => void,
): Promise<Context> {
  const choices =
    tuning === undefined ? undefined : parseTuning(new TextDecoder().decode(await readFile(tuning)), tuning);
  const context = await open({ adapter, onMessage });
  try {
    if (choices !== undefined) context.useTuning(choices);
  } catch (error) {
    context.dispose();
    throw error;
  }
  return context;
}
