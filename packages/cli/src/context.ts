/** The device of a command, with a tuning where one is given, and opened again where it was lost. */

import { type Context, type OpenOptions, open } from '@infnet/core';
import { parseTuning } from '@infnet/core/tune';
import { readFile } from '@infnet/node';
import { SharedContext } from '@infnet/segmentation';

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

/** The device of a command of many slices, opened when it is asked for. Which adapter it is is said once. */
export function sharedContext(options: ContextOptions, say: (line: string) => void): SharedContext {
  const tell = onceEach(say);
  return new SharedContext((isAgain) => {
    if (isAgain) say('infnet: the device was lost; it is opened again, and what it had begun is repeated');
    return openContext(options, tell);
  });
}

/** What computes; it was opened. */
export function adapterOf({ last }: SharedContext): Context['adapter'] {
  return (last as Context).adapter;
}

/** Says each line once. */
export function onceEach(tell: (line: string) => void): (line: string) => void {
  const told = new Set<string>();
  return (line) => {
    if (told.has(line)) return;
    told.add(line);
    tell(line);
  };
}
