/** How the keys of a checkpoint compare with those of a net. */
import { checkpointError, printable } from './errors.js';
import { ambiguous, isWrapperPrefix, MODULE, peelPrefix, prefixesOf, withoutModule } from './prefix.js';
import { asFloat32 } from './tensors/float32.js';
import type { Checkpoint, CheckpointTensor } from './types.js';

/** A parameter or buffer of a net. */
export interface ExpectedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /**
   * Entries of one object are one parameter under several names (tied weights): a checkpoint need have only one of
   * them.
   */
  readonly parameter?: unknown;
}

/** A key that both sides have with different shapes. */
export interface MisshapedKey {
  readonly name: string;
  readonly expected: readonly number[];
  readonly found: readonly number[];
}

/** Options of {@link matchStateDict}. */
export interface MatchOptions {
  /**
   * Names (of the net, after {@link rename}) that may be missing, surplus or mis-shaped without complaint, e.g.
   * `name => name.endsWith('.num_batches_tracked') || name.startsWith('resnet.fc.')`.
   */
  readonly optional?: (name: string) => boolean;
  /** From a key of the checkpoint to a name of the net, e.g. `key => 'resnet.' + key`; undefined leaves the key out. */
  readonly rename?: (key: string) => string | undefined;
  /**
   * What the keys of this net begin with in the checkpoint, e.g. `student.`; empty: they are as they should be. Left
   * out, a prefix is peeled if it is the only one behind which all names of the net are found, and either all keys
   * begin with it or it is made of usual names (`model.`, `net.`, `ema.`, `student.`, ...). With {@link rename} none
   * is.
   */
  readonly prefix?: string;
}

/** How the keys of a checkpoint compare with those of a net. */
export interface StateDictMatch {
  /** Tensors that fit, by the net's names, in the net's order. */
  readonly matched: Map<string, CheckpointTensor>;
  /** Names of the net that the checkpoint lacks; not those of a parameter that it has under another name of the net. */
  readonly missing: readonly string[];
  /** Names of the checkpoint that the net does not have. */
  readonly surplus: readonly string[];
  readonly misshaped: readonly MisshapedKey[];
  /** Names that would be in one of the three lists if they were not optional. */
  readonly tolerated: readonly string[];
  /** What was peeled from the keys, e.g. `model.`; empty if nothing was. */
  readonly prefix: string;
  /** Keys of the checkpoint that do not begin with the prefix: of a loss, say, or of another net. */
  readonly outside: readonly string[];
  /** Where several prefixes fit, all of them: none was peeled then. */
  readonly prefixes: readonly string[];
}

type Tensors = Checkpoint['tensors'];

/**
 * Compares what a net expects with what a checkpoint has. Reports, never throws: {@link assertMatches} does that.
 *
 * @throws InfnetError `CHECKPOINT_KEYS` only if `rename` gives two keys the same name, or no key begins with `prefix`
 */
export function matchStateDict(
  expected: Iterable<ExpectedTensor>,
  checkpoint: Pick<Checkpoint, 'tensors'>,
  options: MatchOptions = {},
): StateDictMatch {
  const { optional = () => false, rename, prefix: chosen } = options;
  const wanted = [...expected];
  const twinsOf = tied(wanted);
  const all = wanted.map(({ name }) => name).filter((name) => !optional(name));
  const sole = all.filter((name) => twinsOf(name).length === 0);
  // Of tied names a checkpoint may lack some.
  const required = sole.length > 0 ? sole : all;
  // What the keys begin with is nobody's question where they are renamed. A part of a larger net is not taken for a
  // small one.
  const behind = (tensors: Tensors): readonly string[] =>
    prefixesOf(tensors, [required]).filter((found) => isWrapperPrefix(found, tensors.keys()));
  const guessed = chosen === undefined && rename === undefined;
  let { tensors } = checkpoint as { readonly tensors: Tensors };
  let prefixes = guessed ? behind(tensors) : [];
  // A part of the net was wrapped: `resnet.module.`.
  const plain = guessed && prefixes.length === 0 ? withoutModule(tensors) : undefined;
  if (plain !== undefined && behind(plain).length > 0) [tensors, prefixes] = [plain, behind(plain)];
  const within = tensors === plain ? MODULE : '';
  const prefix = chosen ?? (prefixes.length === 1 ? prefixes[0] : undefined);
  const peeled = prefix === undefined ? undefined : peelPrefix({ tensors }, [], prefix);
  const left = renamed(peeled?.tensors ?? tensors, rename);
  const matched = new Map<string, CheckpointTensor>();
  const absent: string[] = [];
  const misshaped: MisshapedKey[] = [];
  const tolerated: string[] = [];
  for (const { name, shape } of wanted) {
    const tensor = left.get(name);
    left.delete(name);
    if (tensor !== undefined && sameShape(shape, tensor.shape)) matched.set(name, tensor);
    else if (optional(name)) tolerated.push(name);
    else if (tensor === undefined) absent.push(name);
    else misshaped.push({ name, expected: shape, found: tensor.shape });
  }
  const missing = absent.filter((name) => !twinsOf(name).some((twin) => matched.has(twin)));
  const surplus: string[] = [];
  for (const name of left.keys()) (optional(name) ? tolerated : surplus).push(name);
  return {
    matched,
    missing,
    surplus,
    misshaped,
    tolerated,
    prefix: within + (peeled?.prefix ?? ''),
    outside: peeled?.outside ?? [],
    prefixes: prefixes.length > 1 ? prefixes : [],
  };
}

/** The other names of a parameter. */
function tied(wanted: readonly ExpectedTensor[]): (name: string) => readonly string[] {
  const names = new Map<unknown, string[]>();
  for (const { name, parameter } of wanted) {
    if (typeof parameter === 'object' && parameter !== null)
      names.set(parameter, [...(names.get(parameter) ?? []), name]);
  }
  const groups = new Map([...names.values()].flatMap((group) => group.map((name) => [name, group] as const)));
  return (name) => (groups.get(name) ?? []).filter((other) => other !== name);
}

/** A tensor that fits a net: what a `ParameterStore` loads. */
export interface MatchedTensor extends Omit<CheckpointTensor, 'data'> {
  /** The elements as float32. */
  readonly data: Float32Array;
}

/**
 * The matched tensors as float32, if nothing is missing, surplus or mis-shaped: a state dict that `ParameterStore.load`
 * of
 * @infnet/core takes. Tensors that are float32 already are passed on, not copied.
 *
 * @param where the file, for the error
 * @throws InfnetError `CHECKPOINT_KEYS`: one message with the count and the first ten of each list; all are in
 *   `details`. `CHECKPOINT_AMBIGUOUS` where the net is found behind several prefixes
 */
export function assertMatches(match: StateDictMatch, where?: string): Map<string, MatchedTensor> {
  const { missing, surplus, misshaped, matched, prefixes } = match;
  if (prefixes.length > 0) throw ambiguous(prefixes, where);
  if (missing.length + surplus.length + misshaped.length === 0) {
    return new Map([...matched].map(([name, tensor]) => [name, toFloat32(tensor)]));
  }
  const shapes = misshaped.map(
    ({ name, expected, found }) => `${printable(name)}: expected [${expected}], found [${found}]`,
  );
  const message =
    `The checkpoint does not fit the net (${matched.size} keys do).` +
    list('missing', missing.map(printable)) +
    list('surplus', surplus.map(printable)) +
    list('of another shape', shapes);
  throw checkpointError('CHECKPOINT_KEYS', message, advice(match), { missing, surplus, misshaped }, undefined, where);
}

function toFloat32(tensor: CheckpointTensor): MatchedTensor {
  return tensor.data instanceof Float32Array ? (tensor as MatchedTensor) : { ...tensor, data: asFloat32(tensor) };
}

function renamed(
  tensors: ReadonlyMap<string, CheckpointTensor>,
  rename: MatchOptions['rename'],
): Map<string, CheckpointTensor> {
  if (rename === undefined) return new Map(tensors);
  const out = new Map<string, CheckpointTensor>();
  for (const [key, tensor] of tensors) {
    const name = rename(key);
    if (name === undefined) continue;
    if (out.has(name)) {
      const fix = 'Correct the function rename, so that it gives every key a name of its own.';
      throw checkpointError(
        'CHECKPOINT_KEYS',
        `Two keys of the checkpoint are both renamed to ${printable(name)}.`,
        fix,
      );
    }
    out.set(name, { ...tensor, name });
  }
  return out;
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

const LISTED = 10;

function list(what: string, lines: readonly string[]): string {
  if (lines.length === 0) return '';
  const more = lines.length > LISTED ? `\n    ... and ${lines.length - LISTED} more` : '';
  return `\n  ${lines.length} ${what}:\n    ${lines.slice(0, LISTED).join('\n    ')}${more}`;
}

/** What to do. The usual cause, that something is in front of the names on one side, is recognised. */
function advice({ missing, surplus, misshaped }: StateDictMatch): string {
  const extra = commonPrefix(missing, surplus);
  if (extra !== undefined) return `Some keys of the checkpoint start with ${printable(extra)}: take it off by rename.`;
  const lacking = commonPrefix(surplus, missing);
  if (lacking !== undefined)
    return `The checkpoint's keys lack ${printable(lacking)}: rename: (key) => '${lacking}' + key.`;
  if (missing.length + surplus.length === 0 && misshaped.length > 0) {
    return 'Build the net with the sizes of the checkpoint, or give the checkpoint of this net.';
  }
  return 'Give the checkpoint of this net, or name keys that do not matter by the option optional.';
}

/** The prefix `p` for which every `p + short` is among `longs`, if there is one. */
function commonPrefix(shorts: readonly string[], longs: readonly string[]): string | undefined {
  const first = shorts[0];
  if (first === undefined || longs.length < shorts.length) return undefined;
  const all = new Set(longs);
  for (const long of longs) {
    if (!long.endsWith(`.${first}`)) continue;
    const prefix = long.slice(0, long.length - first.length);
    if (shorts.every((short) => all.has(prefix + short))) return prefix;
  }
  return undefined;
}
