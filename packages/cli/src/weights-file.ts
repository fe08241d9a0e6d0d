/**
 * Files of weights as the commands take them: read, without prefixes, and with notes on what was done to them. Errors
 * give advice in the words of the command line.
 */
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type Checkpoint, type NetSignature, type PeeledTensors, peelPrefix, readCheckpoint } from '@infnet/checkpoint';
import { InfnetError, isInfnetError, plainMessage, printable } from '@infnet/core';
import { sha256 } from '@infnet/data';
import { readFile } from '@infnet/node';
import { cliError } from './errors.js';
import { type Io, say } from './io.js';
import { listed } from './names.js';
import { asArgument } from './shell.js';

/** Which option gave a file of weights. */
export interface WeightsSource {
  /** The option, for advice. Default `--weights`. */
  readonly flag?: WeightsFlag;
  /**
   * Which of several nets in the file: the name of its dictionary (`ema`, or `ema/model` within another), or what its
   * keys begin with; `.` for those that begin with nothing.
   */
  readonly key?: string;
}

export type WeightsFlag = '--weights' | '--prior-weights' | '--backbone-weights';

/** A file of weights, its keys as the net has them. */
export interface WeightsFile extends PeeledTensors {
  readonly file: string;
  readonly checkpoint: Checkpoint;
  /** Of the file. */
  readonly sha256: string;
  /** What was done to the file that its maker may not expect, a sentence each. */
  readonly notes: readonly string[];
}

/** `infnet train` writes these beside its weights. */
const TRAINING_STATE = 'infnet training state';

/**
 * @param signatures of the nets that may be in the file, in the order in which they are looked for
 * @throws InfnetError `FILE_...`, `CHECKPOINT_...`; `CLI_WRONG_NET` for the whole state of a training
 */
export async function readWeightsFile(
  file: string,
  signatures: readonly (readonly NetSignature[])[],
  { flag = '--weights', key }: WeightsSource = {},
): Promise<WeightsFile> {
  const bytes = await readFile(file);
  const hash = await sha256(bytes);
  return inWordsOfCli(file, flag, () => {
    const { checkpoint, ...peeled } =
      key === undefined ? found(bytes, file, signatures) : chosen(bytes, file, key, signatures);
    return { file, checkpoint, sha256: hash, ...peeled, notes: notesOf(checkpoint, peeled) };
  });
}

interface Found extends PeeledTensors {
  readonly checkpoint: Checkpoint;
}

function found(bytes: Uint8Array, file: string, signatures: readonly (readonly NetSignature[])[]): Found {
  const checkpoint = weightsIn(bytes, { file });
  return { checkpoint, ...peeledBy(checkpoint, signatures) };
}

/** By the first kind of net that is found at all. */
function peeledBy(checkpoint: Checkpoint, signatures: readonly (readonly NetSignature[])[]): PeeledTensors {
  let peeled: PeeledTensors | undefined;
  for (const kind of signatures) {
    peeled = peelPrefix(checkpoint, kind);
    if (kind.some((names) => names.every((name) => peeled?.tensors.has(name)))) return peeled;
  }
  return peeled ?? peelPrefix(checkpoint, []);
}

/** `key` says dictionaries from the outside in, then perhaps a prefix: the longest way that there is counts. */
function chosen(bytes: Uint8Array, file: string, key: string, signatures: readonly (readonly NetSignature[])[]): Found {
  if (key === '.') {
    const checkpoint = topOf(bytes, file);
    return { checkpoint, ...peelPrefix(checkpoint, [], '') };
  }
  const parts = key.split('/');
  for (let length = parts.length; length > 0; length--) {
    const stateDict = parts.slice(0, length);
    let checkpoint: Checkpoint;
    try {
      checkpoint = weightsIn(bytes, { file, stateDict });
    } catch (error) {
      if (isInfnetError(error, 'CHECKPOINT_NO_STATE_DICT')) continue;
      throw error;
    }
    // safetensors have no dictionaries.
    if (checkpoint.path.length === 0) break;
    const prefix = parts.slice(length).join('/');
    return { checkpoint, ...(prefix === '' ? peeledBy(checkpoint, signatures) : peelPrefix(checkpoint, [], prefix)) };
  }
  const checkpoint = weightsIn(bytes, { file });
  return { checkpoint, ...peelPrefix(checkpoint, [], key) };
}

/** What the usual search finds; where that cannot choose between dictionaries, the file's outermost one. */
function topOf(bytes: Uint8Array, file: string): Checkpoint {
  try {
    return weightsIn(bytes, { file });
  } catch (error) {
    if (!isInfnetError(error, 'CHECKPOINT_AMBIGUOUS')) throw error;
    return weightsIn(bytes, { file, stateDict: [] });
  }
}

/**
 * A checkpoint that is weights: a state's moments of the optimiser have the net's names too.
 * @throws InfnetError `CLI_WRONG_NET`, `CHECKPOINT_...`
 */
function weightsIn(bytes: Uint8Array, options: { readonly file: string; readonly stateDict?: string[] }): Checkpoint {
  const checkpoint = readCheckpoint(bytes, options);
  if (checkpoint.metadata.get('kind') === TRAINING_STATE) throw trainingState(options.file);
  return checkpoint;
}

function trainingState(file: string): Error {
  const folder = dirname(file);
  const beside = ['best.safetensors', 'final.safetensors'].filter((name) => existsSync(join(folder, name)));
  const run = asArgument(basename(folder) === 'checkpoints' ? dirname(folder) : folder);
  const fix =
    beside.length > 0
      ? `Give ${beside.map((name) => join(folder, name)).join(' or ')}.`
      : `Let the training go on until it has written weights: infnet train --out ${run} --resume.`;
  return cliError(
    'CLI_WRONG_NET',
    'This is the whole state of a training, with which infnet train --resume goes on, not a file of weights.',
    fix,
    { where: file },
  );
}

function notesOf({ path, strippedPrefix, skipped }: Checkpoint, { prefix, outside }: PeeledTensors): string[] {
  const notes: string[] = [];
  if (path.length > 0) notes.push(`the weights are its ${path.join('/')}`);
  const peeled = strippedPrefix + prefix;
  if (peeled !== '') notes.push(`its keys are read without ${printable(peeled)}`);
  if (outside.length > 0)
    notes.push(`${outside.length} keys are not of this net and were left out: ${listed(outside, 8)}`);
  if (skipped.length > 0) notes.push(`left aside, never run: ${listed(skipped, 8)}`);
  return notes;
}

/** What was done to a file of weights, on the terminal. */
export function tellNotes(io: Io, { file, notes }: { readonly file: string; readonly notes: readonly string[] }): void {
  for (const note of notes) say(io.stderr, `infnet: ${printable(basename(file))}: ${note}`);
}

const RESAVE =
  'In Python, where you trust the file, save the weights alone: torch.save(model.state_dict(), "weights.pth").';

/** Runs `read`; its errors say what to do on the command line, where they know of a library's options only. */
export function inWordsOfCli<T>(file: string, flag: WeightsFlag, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const fix = isInfnetError(error) ? adviceFor(error, flag) : undefined;
    if (fix === undefined) throw error;
    const { code, where = file, details } = error as InfnetError;
    throw new InfnetError({ code, message: plainMessage(error as InfnetError), where, fix, details, cause: error });
  }
}

function adviceFor({ code, details }: InfnetError, flag: WeightsFlag): string | undefined {
  switch (code) {
    case 'CHECKPOINT_AMBIGUOUS':
      return `Choose one: ${choices(details)
        .map((choice) => `${flag}-key ${choice}`)
        .join(' or ')}.`;
    case 'CHECKPOINT_NO_STATE_DICT':
      return `Give a file of weights. ${RESAVE}`;
    case 'CHECKPOINT_LIMIT':
      return `The file takes more memory than weights need. ${RESAVE}`;
    case 'CHECKPOINT_KEYS':
      return 'prefix' in details ? `Give another ${flag}-key, or none.` : keysAdvice(details);
    default:
      return undefined;
  }
}

/** How to say each of several nets in a file. */
function choices({ paths, prefixes }: InfnetError['details']): string[] {
  const ways = Array.isArray(paths) ? paths.map((path: readonly string[]) => path.join('/')) : (prefixes as string[]);
  return ways.slice(0, 10).map((way) => (way === '' ? '.' : /^[\w./-]+$/.test(way) ? way : JSON.stringify(way)));
}

function keysAdvice({ missing, surplus, misshaped }: InfnetError['details']): string {
  const count = (list: unknown): number => (Array.isArray(list) ? list.length : 0);
  if (count(missing) + count(surplus) === 0 && count(misshaped) > 0) {
    return 'The net in the file has other sizes than its own keys say: give a file of one net, as it was saved.';
  }
  return 'Give the weights of this net: as infnet train writes them, or the state dict of the reference (--backbone names its backbone).';
}
