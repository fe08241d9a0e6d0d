/** What can be wrong with a data set, collected by kind, and the one error or list that tells all of it. */
import { type InfnetError, isInfnetError, printable } from '@infnet/errors';
import { dataError } from '../errors.js';

/** Kinds that make a data set wrong, and what they are called. */
const WRONG = {
  empty: 'nothing found',
  ambiguousLayout: 'more than one data set',
  duplicateName: 'two files of the same name',
  imageWithoutMask: 'image without mask',
  maskWithoutImage: 'mask without image',
  edgeWithoutPair: 'edge without image and mask',
  imageWithoutPrior: 'image without prior',
  priorWithoutPair: 'prior without image and mask',
  unreadable: 'unreadable file',
  maskSize: 'mask of another size than its image',
  maskForm: 'mask of another form than its image',
  maskGrid: 'mask on another grid than its volume',
  volume: 'volume where only pictures are read',
  edgeSize: 'edge of another size than its image',
  priorSize: 'prior of another size than its image',
  maskNotBinary: 'mask that is not binary',
  maskNotClasses: 'mask that is no class map',
  oneClass: 'one class only',
} as const;

/** Kinds that are only told. */
const TOLD = {
  emptyMask: 'mask without any infected pixel',
  emptyDropped: 'mask without any infected pixel, left out',
  fullMask: 'mask without any background pixel',
  classAbsent: 'class that no mask has',
  maskInverted: 'mask that is infected all along its border (are infected and healthy exchanged?)',
  maskFaint: 'mask with faint values',
  noted: 'file that was read with a note',
  cacheSmall: 'more slices than are kept in memory, so that volumes are decoded again and again',
  edgeDerived: 'edge missing, derived from the mask',
  ignored: 'file that is no picture, ignored',
} as const;

export type ProblemKind = keyof typeof WRONG | keyof typeof TOLD;

/** All findings of one kind. */
export interface Problem {
  readonly kind: ProblemKind;
  /** The kind in words. */
  readonly title: string;
  readonly count: number;
  /** Every file, with what is wrong with it where the kind does not say all. */
  readonly entries: readonly ProblemEntry[];
}

export interface ProblemEntry {
  readonly file: string;
  readonly note?: string;
  /** What helps this file, where that depends on what was found. */
  readonly fix?: string;
}

export interface Finding {
  readonly kind: ProblemKind;
  readonly file: string;
  readonly note?: string;
  /** What helps, where that depends on what was found. */
  readonly fix?: string;
}

/** Of a file that could not be read, with the first line of the error's message. */
export function unreadable(file: string, error: unknown): Finding {
  const fix = isInfnetError(error) ? error.fix : undefined;
  return { kind: 'unreadable', file, note: reason(error), ...(fix === undefined ? {} : { fix }) };
}

/** Without code, place and fix. */
function reason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return (text.split('\n')[0] as string).replace(/^\[\w+\] /, '').replace(/ \(at [^)]*\)$/, '');
}

const FIXES: Partial<Record<ProblemKind, string>> = {
  empty: 'Give the folder that holds Imgs and GT, or name its folders with { layout }.',
  ambiguousLayout: 'Say which one with { root }.',
  duplicateName: 'Keep one file of each name. Endings, and how accents are written, make no difference.',
  imageWithoutMask: 'Add the mask under the same name, or remove the image.',
  maskWithoutImage: 'Add the image under the same name, or remove the mask.',
  edgeWithoutPair: 'Remove the edge; edges are derived from masks.',
  imageWithoutPrior: 'Add the prior under the same name, or give { prior: (request) => ... } for all of them.',
  priorWithoutPair: 'Remove the prior, or add image and mask under the same name.',
  unreadable: 'Replace these files by PNG, JPEG or NIfTI that open elsewhere.',
  maskSize: 'Export the mask at the size of its image.',
  maskForm: 'Pair volumes (.nii, .nii.gz) with volumes, and pictures with pictures.',
  maskGrid:
    "Give the mask the shape and the affine of its volume: export it again from the program that drew it. Where the affines are wrong and the voxels right, say so with { orient: 'transposed' } or { orient: 'as-stored' }, which ask no affine.",
  volume: 'Export the slices as PNG (infnet reads class maps from pictures).',
  priorSize: 'Export the prior at the size of its image.',
  edgeSize: 'Remove the edge; edges are derived from masks.',
  maskNotClasses:
    'Masks are palette PNG with the indices 0, 1, 2, or black, red and green, or greys 0, 1, 2, or greys 0, 38, 75: background, ground-glass, consolidation.',
  oneClass: "Add slices of the other kind, or allow it with { oneClass: 'allow' }.",
};

const SHOWN = 10;
/** Characters of a note that are shown. */
const MOST_NOTE = 1000;

export class ProblemList {
  readonly #entries = new Map<ProblemKind, ProblemEntry[]>();
  readonly #known = new Set<string>();

  add(kind: ProblemKind, file: string, note?: string, fix?: string): void {
    const entries = this.#entries.get(kind) ?? [];
    // What is wrong with a volume is found again at each of its slices.
    const key = [kind, file, note].join('\n');
    if (this.#known.has(key)) return;
    this.#known.add(key);
    entries.push({ file, ...(note === undefined ? {} : { note }), ...(fix === undefined ? {} : { fix }) });
    this.#entries.set(kind, entries);
  }

  addAll(findings: readonly Finding[]): void {
    for (const { kind, file, note, fix } of findings) this.add(kind, file, note, fix);
  }

  /** Whether anything is wrong, of any kind or of one of these. */
  wrong(...kinds: readonly ProblemKind[]): boolean {
    const asked = kinds.length > 0 ? kinds : (Object.keys(WRONG) as ProblemKind[]);
    return asked.some((kind) => this.#entries.has(kind));
  }

  /** In a fixed order of kinds; entries as they were found. */
  list(which: 'wrong' | 'all' = 'all'): readonly Problem[] {
    const titles: Readonly<Record<string, string>> = which === 'wrong' ? WRONG : { ...WRONG, ...TOLD };
    return Object.entries(titles).flatMap(([kind, title]) => {
      const entries = this.#entries.get(kind as ProblemKind);
      return entries === undefined ? [] : [{ kind: kind as ProblemKind, title, count: entries.length, entries }];
    });
  }

  /** The error that tells everything that is wrong. */
  error(where: string): InfnetError {
    const problems = this.list('wrong');
    const fixes = problems.flatMap(({ kind, entries }) => entries.flatMap(({ fix }) => fix ?? FIXES[kind] ?? []));
    return dataError({
      code: 'DATA_DATASET',
      message: `The data set cannot be used as it is:\n${describeProblems(problems)}\n `,
      where,
      fix: [...new Set(fixes)].join('\n       '),
      details: { problems },
    });
  }
}

/** One line per kind: its count and the first 10 files. */
export function describeProblems(problems: readonly Problem[]): string {
  return problems
    .map(({ title, count, entries }) => {
      const named = entries.slice(0, SHOWN).map(({ file, note }) => {
        const said = note === undefined ? '' : ` (${printable(note, MOST_NOTE)})`;
        return printable(file) + said;
      });
      const more = count > SHOWN ? `, and ${count - SHOWN} more` : '';
      return `  ${title}, ${count}: ${named.join(', ')}${more}`;
    })
    .join('\n');
}
