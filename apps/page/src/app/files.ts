/** Files in and out: dropped, chosen, with their folders; and downloads. */

import { printable } from '@infnet/core';
import type { StoredFile } from '../worker/train-protocol.js';
import { listed } from './format.js';
import { tell } from './notices.js';

/** Whether whole folders can be chosen; phones cannot. Dropping them works without. */
export const canChooseFolders: boolean = 'webkitdirectory' in HTMLInputElement.prototype;

/**
 * All files that were dropped, those of folders with their paths, sorted by path. What cannot be read is told by name
 * and left out.
 *
 * Folders come as entries (`webkitGetAsEntry`, which all browsers have); where there are none, files alone are taken.
 */
export async function droppedFiles(transfer: DataTransfer): Promise<StoredFile[]> {
  // All of it must be taken now: the list is empty once the event is over. A link or a text that is dragged is an item
  // too.
  const taken = [...transfer.items]
    .filter(({ kind }) => kind === 'file')
    .map((item) => ({ entry: item.webkitGetAsEntry?.() ?? undefined, file: item.getAsFile() }));
  const found: StoredFile[] = [];
  const unread: string[] = [];
  for (const { entry, file } of taken) {
    if (entry !== undefined) await walk(entry, found, unread);
    else if (file !== null) found.push({ path: file.name, file });
  }
  if (unread.length > 0) tell(`The browser could not read ${listed(unread)}.`);
  else if (found.length === 0) tell('There are no files in what was dropped.');
  return sorted(found);
}

/** The files of an `<input>`. */
export function chosenFiles(input: HTMLInputElement): StoredFile[] {
  return sorted([...(input.files ?? [])].map((file) => ({ path: file.webkitRelativePath || file.name, file })));
}

async function walk(entry: FileSystemEntry, found: StoredFile[], unread: string[]): Promise<void> {
  const path = entry.fullPath.replace(/^\//, '');
  try {
    if (entry.isFile) {
      const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
      found.push({ path, file });
      return;
    }
    const reader = (entry as FileSystemDirectoryEntry).createReader();
    // A reader gives its entries in portions, an empty one at the end.
    for (;;) {
      const portion = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
      if (portion.length === 0) return;
      for (const child of portion) await walk(child, found, unread);
    }
  } catch {
    unread.push(path);
  }
}

/** Names come from anywhere: what hides in them is seen from here on. */
function sorted(files: StoredFile[]): StoredFile[] {
  const collator = new Intl.Collator(undefined, { numeric: true });
  return files
    .filter(({ path }) => !path.split('/').some((part) => part.startsWith('.')))
    .map(({ path, file }) => ({ path: printable(path, Number.POSITIVE_INFINITY), file }))
    .sort((a, b) => collator.compare(a.path, b.path));
}

export function download(name: string, content: Uint8Array | string, type = 'application/octet-stream'): void {
  const url = URL.createObjectURL(new Blob([content as BlobPart], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
