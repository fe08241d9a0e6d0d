/**
 * Prefixes of keys.
 *
 * A wrapper around a net (DataParallel, torch.compile, Lightning) is a module that has the net as its attribute, and so
 * every key gets that attribute's name in front: `module.`, `_orig_mod.`, `model.`. Two rules, and no others:
 *
 *   1. Names that torch gives to wrappers alone ({@link WRAPPERS}) are taken out wherever they stand, and `module.`
 *      from the start while all keys begin so. That needs no knowledge of the net. Within a key, or in front of some,
 *      `module.` is taken out too, if the net's own names are found only then: a part of a net was wrapped
 *      (`resnet.module.`).
 *   2. Any other prefix is peeled if it is the only one behind which the net's own names are found. Two such prefixes
 *      (`student.` and `teacher.`, or a net and its `ema.`) are two nets, and which one is meant must be said.
 */
import { checkpointError, printable } from './errors.js';
import type { Checkpoint, CheckpointTensor } from './types.js';

/**
 * Attributes that torch.compile, FullyShardedDataParallel, activation checkpointing and DeepSpeed keep a module under.
 */
const WRAPPERS: ReadonlySet<string> = new Set([
  '_orig_mod',
  '_fsdp_wrapped_module',
  '_checkpoint_wrapped_module',
  '_forward_module',
]);

/**
 * DataParallel's. A net may have an attribute of this name, so it counts only where all keys begin with it, or the net
 * is known.
 */
export const MODULE = 'module.';

/** Keys without wrappers, by the keys themselves; as they are where two would become one. */
export function unwrappedKeys(keys: readonly string[]): Map<string, string> {
  let names = keys.map(withoutWrappers);
  while (names.length > 0 && names.every((name) => name.startsWith(MODULE) && name.length > MODULE.length)) {
    names = names.map((name) => name.slice(MODULE.length));
  }
  const unique = new Set(names).size === keys.length;
  return new Map(keys.map((key, i) => [key, unique ? (names[i] as string) : key]));
}

const WRAPPED = new RegExp(`(^|\\.)(${[...WRAPPERS].join('|')})\\.`);

function withoutWrappers(key: string): string {
  if (!WRAPPED.test(key)) return key;
  const parts = key.split('.');
  const kept = parts.filter((part, i) => i === parts.length - 1 || !WRAPPERS.has(part));
  return kept.length === parts.length ? key : kept.join('.');
}

/**
 * What was taken off the first key that changed: `module._orig_mod.`; of a key that has it within, the wrapper's name.
 */
export function strippedPrefix(names: ReadonlyMap<string, string>): string {
  for (const [key, name] of names) {
    if (key === name) continue;
    if (key.endsWith(`.${name}`)) return key.slice(0, key.length - name.length);
    return `${key.split('.').find((part) => WRAPPERS.has(part))}.`;
  }
  return '';
}

/** What people call the attribute that holds the net, or one of several copies of it. */
const USUAL_ATTRIBUTES: ReadonlySet<string> = new Set(
  'module model net network student teacher ema ema_model model_ema averaged_model online target shadow'.split(' '),
);

/** Whether a prefix says no more than "the net": nothing else is in the file, or it is made of usual names. */
export function isWrapperPrefix(prefix: string, keys: Iterable<string>): boolean {
  if (prefix.split('.').every((part) => part === '' || USUAL_ATTRIBUTES.has(part))) return true;
  for (const key of keys) if (!key.startsWith(prefix)) return false;
  return true;
}

/** Names of a net by which it is known: all of them are in its state dict. */
export type NetSignature = readonly string[];

/** A checkpoint's tensors behind one prefix. */
export interface PeeledTensors {
  /** By their names without the prefix. */
  readonly tensors: Map<string, CheckpointTensor>;
  /** What was peeled, e.g. `model.`; empty if nothing was. */
  readonly prefix: string;
  /** Keys that do not have the prefix: they belong to something else in the file. */
  readonly outside: readonly string[];
}

/**
 * Prefixes behind which a net is: `prefix + name` is a key for every name of one of the signatures. The empty prefix is
 * one of them where the keys are as they should be.
 */
export function prefixesOf(
  tensors: ReadonlyMap<string, unknown>,
  signatures: readonly NetSignature[],
): readonly string[] {
  const found = new Set<string>();
  for (const names of signatures) {
    const [first] = names;
    if (first === undefined) continue;
    for (const key of tensors.keys()) {
      const prefix = key.slice(0, key.length - first.length);
      if (!key.endsWith(first) || !(prefix === '' || prefix.endsWith('.'))) continue;
      if (names.every((name) => tensors.has(prefix + name))) found.add(prefix);
    }
  }
  return [...found];
}

/**
 * The tensors of a net under the net's own names, whatever its keys begin with in the file. A checkpoint in which no
 * signature is found stays as it is, so that whoever compares it with the net says what is missing.
 *
 * @param signatures of the nets that may be in the file
 * @param chosen the prefix, if the rule should not decide; the dot at its end may be left out
 * @throws InfnetError `CHECKPOINT_AMBIGUOUS` with all prefixes, where several fit; `CHECKPOINT_KEYS` where no key has
 *   the chosen one
 */
export function peelPrefix(
  { tensors }: Pick<Checkpoint, 'tensors'>,
  signatures: readonly NetSignature[],
  chosen?: string,
): PeeledTensors {
  if (chosen !== undefined) return behind(tensors, chosen === '' || chosen.endsWith('.') ? chosen : `${chosen}.`);
  const asNamed = peeledBy(tensors, signatures);
  const plain = withoutModule(tensors);
  if (plain === undefined) return asNamed.peeled;
  const without = peeledBy(plain, signatures);
  if (!without.found || (asNamed.found && asNamed.peeled.tensors.size >= without.peeled.tensors.size)) {
    return asNamed.peeled;
  }
  return { ...without.peeled, prefix: MODULE + without.peeled.prefix };
}

function peeledBy(
  tensors: ReadonlyMap<string, CheckpointTensor>,
  signatures: readonly NetSignature[],
): { readonly found: boolean; readonly peeled: PeeledTensors } {
  const prefixes = prefixesOf(tensors, signatures);
  const [prefix = ''] = prefixes;
  if (prefixes.length > 1) throw ambiguous(prefixes);
  return { found: prefixes.length > 0, peeled: behind(tensors, prefix) };
}

/**
 * Without DataParallel's name wherever it stands, e.g. `resnet.module.`: undefined where it stands nowhere, or two keys
 * would become one.
 */
export function withoutModule(
  tensors: ReadonlyMap<string, CheckpointTensor>,
): Map<string, CheckpointTensor> | undefined {
  const part = MODULE.slice(0, -1);
  const plain = new Map<string, CheckpointTensor>();
  for (const [key, tensor] of tensors) {
    const parts = key.split('.');
    const name = parts.filter((each, i) => each !== part || i === parts.length - 1).join('.');
    plain.set(name, name === key ? tensor : { ...tensor, name });
  }
  return plain.size === tensors.size && [...plain.keys()].some((name) => !tensors.has(name)) ? plain : undefined;
}

/** The refusal of a file in which the net is found behind several prefixes. */
export function ambiguous(prefixes: readonly string[], where?: string): Error {
  const listed = prefixes.slice(0, 10).map((prefix) => (prefix === '' ? 'no prefix' : printable(prefix)));
  return checkpointError(
    'CHECKPOINT_AMBIGUOUS',
    `The file has ${prefixes.length} nets, whose keys begin with ${listed.join(', ')}.`,
    `Choose one by the option prefix, e.g. prefix: ${JSON.stringify(prefixes.find((prefix) => prefix !== ''))}.`,
    { prefixes },
    undefined,
    where,
  );
}

function behind(tensors: ReadonlyMap<string, CheckpointTensor>, prefix: string): PeeledTensors {
  if (prefix === '') return { tensors: new Map(tensors), prefix, outside: [] };
  const peeled = new Map<string, CheckpointTensor>();
  const outside: string[] = [];
  for (const [key, tensor] of tensors) {
    if (!key.startsWith(prefix) || key.length === prefix.length) outside.push(key);
    else {
      const name = key.slice(prefix.length);
      peeled.set(name, { ...tensor, name });
    }
  }
  if (peeled.size > 0) return { tensors: peeled, prefix, outside };
  const starts = [...new Set(outside.map((key) => `${key.split('.')[0]}.`))].slice(0, 10).map(printable);
  throw checkpointError(
    'CHECKPOINT_KEYS',
    `No key of the file begins with ${printable(prefix)}. The ${outside.length} keys begin with ${starts.join(', ')}.`,
    'Give another prefix, or none.',
    { prefix },
  );
}
