/**
 * Slices that somebody dropped, as a data set.
 *
 * A data set has its slices in `Imgs` and their masks in `GT`. People call these folders otherwise too, put the masks
 * into a folder beside the slices, and drop several patients at once, each with slices from 1. So every file gets the
 * place that it means: `Imgs` or `GT`, and a name that says from which folder it comes where there are several. What is
 * wrong is told with the paths that people know.
 */

import { InfnetError, isInfnetError } from '@infnet/core';
import { type DataSource, describeProblems, type Problem, type ProblemKind } from '@infnet/data';
import { folderRole } from '../app/slice-folders.js';
import type { StoredFile } from './train-protocol.js';

export interface OwnFiles {
  readonly source: DataSource;
  /** Throws what `openDataset` threw, in the words of the page. */
  explain(error: unknown): never;
  /** Problems with the paths that people know. */
  renamed(problems: readonly Problem[]): Problem[];
  /** Files that are neither slice nor mask. */
  readonly leftOut: readonly string[];
}

interface Placed {
  readonly stored: StoredFile;
  readonly kind: 'Imgs' | 'GT' | 'Edge';
  /** The folder that holds the slices' folder. */
  readonly base: string;
  readonly file: string;
}

/** @param labelled whether masks are looked for */
export function ownFiles(files: readonly StoredFile[], name: string, labelled: boolean): OwnFiles {
  const hasImageFolder = files.some(({ path }) => folderRole(folderOf(path).own) === 'images');
  const placed: Placed[] = [];
  const leftOut: string[] = [];
  for (const stored of files) {
    const { base, dir, own, file } = folderOf(stored.path);
    const role = folderRole(own);
    if (role === 'masks') placed.push({ stored, kind: 'GT', base, file });
    else if (role === 'edges') placed.push({ stored, kind: 'Edge', base, file });
    else if (role === 'images') placed.push({ stored, kind: 'Imgs', base, file });
    else if (hasImageFolder) leftOut.push(stored.path);
    else placed.push({ stored, kind: 'Imgs', base: dir, file });
  }
  const wanted = labelled ? placed : placed.filter(({ kind }) => kind === 'Imgs');
  const isOneBase = new Set(wanted.map(({ base }) => base)).size === 1;
  const byPath = new Map<string, StoredFile>();
  for (const { stored, kind, base, file } of wanted) {
    const prefix = isOneBase || base === '' ? '' : `${base.replaceAll('/', '-')}-`;
    byPath.set(`${kind}/${prefix}${file}`, stored);
  }
  const source: DataSource = {
    name,
    list: () => [...byPath.keys()],
    async read(path) {
      const stored = byPath.get(path);
      if (stored === undefined) throw new InfnetError({ code: 'FILE_MISSING', message: `There is no file ${path}.` });
      return new Uint8Array(await stored.file.arrayBuffer());
    },
  };
  const known = (path: string): string => byPath.get(path)?.path ?? path;
  const renamed = (problems: readonly Problem[]): Problem[] =>
    problems.map((problem) => ({
      ...problem,
      // "also Imgs/1.png" is the only note with a path; a spelling may follow it.
      entries: problem.entries.map(({ file, note, ...rest }) => ({
        file: known(file),
        ...(note === undefined
          ? {}
          : {
              note: note.replace(
                /also (.*?)(, spelled .*)?$/,
                (_, path: string, more = '') => `also ${known(path)}${more}`,
              ),
            }),
        ...rest,
      })),
    }));
  return { source, leftOut, renamed, explain: (error) => explain(error, name, renamed) };
}

/** `a/Imgs/1.png`: base `a`, dir `a/Imgs`, own `Imgs`, file `1.png`. */
function folderOf(path: string): { base: string; dir: string; own: string; file: string } {
  const parts = path.split('/');
  const file = parts.pop() as string;
  return {
    base: parts.slice(0, -1).join('/'),
    dir: parts.join('/'),
    own: parts.at(-1) ?? '',
    file,
  };
}

const FIXES: Partial<Record<ProblemKind, string>> = {
  empty:
    'Drop a folder with two in it: the slices in Imgs (or images), their masks under the same names in GT (or masks).',
  duplicateName: 'Keep one file of each name.',
  imageWithoutMask: 'Add its mask under the same name; or drop it with the slices without masks.',
  maskWithoutImage: 'Add its slice under the same name, or take the mask out.',
  edgeWithoutPair: 'Take the folder Edge out; edges are derived from masks.',
  edgeSize: 'Take the folder Edge out; edges are derived from masks.',
  unreadable: 'Replace these files by PNG or JPEG that open elsewhere; if they were moved or changed, drop them again.',
  maskSize: 'Export the mask at the size of its slice.',
  maskForm: 'Give volumes (.nii, .nii.gz) masks that are volumes, and pictures masks that are pictures.',
  maskGrid: 'Give the mask the shape and the affine of its volume: export it again from the program that drew it.',
  maskNotBinary: 'A mask holds 0 and 255. If these mean something else, choose what under “Masks hold”.',
};

function explain(error: unknown, name: string, renamed: OwnFiles['renamed']): never {
  if (!isInfnetError(error, 'DATA_DATASET')) throw error;
  const problems = renamed(error.details['problems'] as readonly Problem[]);
  // Advice that names an option of the library is said in the page's own words.
  const own = (fix: string | undefined): string[] => (fix === undefined || /\{ \w+:/.test(fix) ? [] : [fix]);
  const fixes = new Set(
    problems.flatMap(({ kind, entries }) => {
      const found = entries.flatMap(({ fix }) => own(fix));
      return found.length > 0 ? found : (FIXES[kind] ?? []);
    }),
  );
  throw new InfnetError({
    code: error.code,
    message: `These slices cannot be learned from as they are:\n${describeProblems(problems)}`,
    where: name,
    fix: [...fixes].join('\n'),
    cause: error,
  });
}
