/** Files in and out: dropped, chosen, with their folders; and downloads. */
import type { StoredFile } from '../worker/train-protocol.js';

/** All files that were dropped, those of folders with their paths, sorted by path. */
export async function droppedFiles(transfer: DataTransfer): Promise<StoredFile[]> {
  // Entries must be taken now: the list is empty once the event is over.
  const entries = [...transfer.items].map((item) =>
    typeof item.webkitGetAsEntry === 'function' ? item.webkitGetAsEntry() : null,
  );
  const loose = [...transfer.files];
  const found: StoredFile[] = [];
  for (const [i, entry] of entries.entries()) {
    if (entry === null) {
      const file = loose[i];
      if (file !== undefined) found.push({ path: file.name, file });
    } else await walk(entry, found);
  }
  return sorted(found);
}

/** The files of an `<input>`. */
export function chosenFiles(input: HTMLInputElement): StoredFile[] {
  return sorted([...(input.files ?? [])].map((file) => ({ path: file.webkitRelativePath || file.name, file })));
}

async function walk(entry: FileSystemEntry, found: StoredFile[]): Promise<void> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    found.push({ path: entry.fullPath.replace(/^\//, ''), file });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  // A reader gives its entries in portions, an empty one at the end.
  for (;;) {
    const portion = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (portion.length === 0) return;
    for (const child of portion) await walk(child, found);
  }
}

function sorted(files: StoredFile[]): StoredFile[] {
  const collator = new Intl.Collator(undefined, { numeric: true });
  return files
    .filter(({ path }) => !path.split('/').some((part) => part.startsWith('.')))
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
