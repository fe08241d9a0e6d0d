/** Which slices and volumes are meant, and whether their results have places of their own: settled before any work. */
import type { Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import process from 'node:process';
import { printable } from '@infnet/core';
import { isVolumeName } from '@infnet/data';
import { makeFolder as makeFolders, removeLeftovers } from '@infnet/node';
import { pictureNames, type SegmentationTask, volumeNames } from '@infnet/segmentation';
import { cliError } from '../../errors.js';
import { nameFormats } from '../../formats.js';
import { listed } from '../../names.js';
import { adviceFor, asArgument } from '../../shell.js';
import { SUMMARY } from './outputs.js';

export interface SliceFile {
  /** As given, or the folder as given with the file's name. */
  readonly path: string;
  readonly name: string;
  /** The name without its ending: results are called after it. */
  readonly stem: string;
  /** Whether it is a NIfTI volume, by its name; else it is a picture. */
  readonly isVolume: boolean;
}

export interface Inputs {
  /** In the order given: pictures and volumes. */
  readonly files: readonly SliceFile[];
  /** Files in given folders that are neither. */
  readonly ignored: readonly string[];
}

/** Hidden files are none: macOS leaves `._slice.png` beside `slice.png` on foreign disks, which is no picture. */
const INPUT = /^[^.].*\.(png|jpe?g|nii|nii\.gz)$/is;

/**
 * The inputs of files and folders, in the order given; a folder's own are sorted by name.
 *
 * @param task whose results go to `out`
 * @throws InfnetError `CLI_NO_INPUT`, `CLI_OUTPUT_CLASH`
 */
export async function findInputs(paths: readonly string[], out: string, task: SegmentationTask): Promise<Inputs> {
  const inputs: SliceFile[] = [];
  const ignored: string[] = [];
  for (const path of paths) {
    const info = await look(path);
    if (!info.isDirectory()) {
      inputs.push(input(path));
      continue;
    }
    if (resolve(path) === resolve(out)) {
      const why = 'a later run would take them for slices';
      throw cliError(
        'CLI_OUTPUT_CLASH',
        `Results would be written among the slices, and ${why}.`,
        `Give another folder: --out ${asArgument(join(path, 'results'))}.`,
        { where: path },
      );
    }
    const entries = await readdir(path, { withFileTypes: true });
    const files = entries.filter((entry) => !entry.isDirectory()).map((entry) => entry.name);
    const found = files.filter((name) => INPUT.test(name)).sort();
    if (found.length === 0) throw await nothingIn(path, files, entries.length - files.length);
    inputs.push(...found.map((name) => input(join(path, name))));
    ignored.push(...files.filter((name) => !INPUT.test(name)).map((name) => join(path, name)));
  }
  checkClashes(inputs, out, task);
  return { files: inputs, ignored };
}

/** A folder without pictures and volumes: what is in it, and what to do with that. */
async function nothingIn(path: string, files: readonly string[], folders: number): Promise<Error> {
  const { counts, advice } = await nameFormats(files.map((name) => join(path, name)));
  const none = `None of the ${files.length} files in the folder is a picture or a volume by its name`;
  const what =
    files.length === 0
      ? folders === 0
        ? 'The folder is empty'
        : `The folder has no files, only ${folders} folders`
      : `${none}${counts === '' ? '' : `; there are ${counts}`}`;
  const fix =
    (advice === undefined ? undefined : adviceFor(path, advice)) ??
    'Put .png, .jpg or .jpeg slices or .nii or .nii.gz volumes there (subfolders are not looked into), or run: infnet phantom --out slices';
  return cliError('CLI_NO_INPUT', `${what}.`, fix, { where: path });
}

/** Says which files were left out, and what they are. @param what the files are not */
export async function ignoredLine(ignored: readonly string[], what: string): Promise<string> {
  const { counts } = await nameFormats(ignored);
  return `infnet: ignored ${ignored.length} files that are no ${what}: ${listed(ignored, 5)}${counts === '' ? '' : ` (${counts})`}`;
}

/** Makes the folder of results, without what killed commands left there. @throws InfnetError `CLI_OUTPUT_FOLDER` */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await makeFolders(folder);
    await removeLeftovers(folder);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const fix = 'Give a folder that can be made: no file may have its name, and you need the right to write there.';
    throw cliError('CLI_OUTPUT_FOLDER', `The folder for the results cannot be made: ${why}`, fix, {
      where: resolve(folder),
      cause,
    });
  }
}

async function look(path: string): Promise<Stats> {
  try {
    return await stat(path);
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const message = missing ? 'There is no such file or folder.' : `It cannot be read: ${(cause as Error).message}`;
    throw cliError('CLI_NO_INPUT', message, 'Check the path.', { where: resolve(path), cause });
  }
}

function input(path: string): SliceFile {
  const name = basename(path);
  const stem = basename(name.replace(/\.gz$/i, ''), extname(name.replace(/\.gz$/i, '')));
  return { path, name, stem, isVolume: isVolumeName(name) };
}

/** Two inputs with one stem, or an input that lies where a result would go. */
function checkClashes(files: readonly SliceFile[], out: string, task: SegmentationTask): void {
  const caseless = process.platform === 'win32' || process.platform === 'darwin';
  const key = (text: string): string => (caseless ? text.toLowerCase() : text);
  const byStem = new Map<string, SliceFile>();
  for (const one of files) {
    const other = byStem.get(key(one.stem));
    if (other !== undefined) {
      const what = other.isVolume || one.isVolume ? 'overlay' : task.maps.at(-1)?.name;
      const result = printable(`${one.stem}.${what}.png`);
      const message = `${printable(other.path)} and ${printable(one.path)} would both write ${result}.`;
      throw cliError('CLI_OUTPUT_CLASH', message, 'Rename one, or segment them into different folders.', {
        details: { stem: one.stem, files: [other.path, one.path] },
      });
    }
    byStem.set(key(one.stem), one);
  }
  const inputs = new Set(files.map(({ path }) => key(resolve(path))));
  const results = files.flatMap(({ stem, isVolume }) => (isVolume ? volumeNames : pictureNames)(task, stem));
  for (const name of [...results, SUMMARY]) {
    if (!inputs.has(key(resolve(out, name)))) continue;
    throw cliError(
      'CLI_OUTPUT_CLASH',
      `The result ${printable(name)} would overwrite an input.`,
      'Give another folder by --out.',
      { where: resolve(out, name) },
    );
  }
}
