/**
 * What files are called, and when two names are one.
 *
 * macOS writes `é` as `e` and an accent, most others as one letter. Both look alike, so files pair by name in one
 * spelling (NFC), and where two of one folder differ in nothing else, the error spells them out.
 */

/** The last part of a path. Windows gives backslashes. */
export function fileNameOf(path: string): string {
  return slashes(path).split('/').at(-1) as string;
}

/** File name without folder and ending, in one Unicode spelling. `.nii.gz` is one ending. */
export function stemOf(path: string): string {
  const file = fileNameOf(path);
  return file.replace(/(\.nii\.gz|\.[^.]*)$/i, '').normalize('NFC');
}

/**
 * What systems leave in folders: `._1.png` and `__MACOSX` of macOS, thumbnails of Synology, hidden files and folders.
 */
export function isHidden(path: string): boolean {
  return slashes(path)
    .split('/')
    .some((part) => /^(\.|__MACOSX$|@eaDir$)/i.test(part) && !/^\.{0,2}$/.test(part));
}

export function slashes(path: string): string {
  return path.replaceAll('\\', '/');
}

/** Without regard to case and to how accents are spelled. */
export function sameName(a: string, b: string): boolean {
  return plain(a) === plain(b);
}

function plain(name: string): string {
  return name.normalize('NFC').toLowerCase();
}

/** A name with every letter spelled out that has more than one spelling: `Mu\u0308ller`, `M\u00fcller`. */
export function spelledOut(name: string): string {
  const escaped = (letter: string): string => `\\u${(letter.codePointAt(0) as number).toString(16).padStart(4, '0')}`;
  return Array.from(name, (letter) =>
    /\p{M}/u.test(letter) || letter.normalize('NFD') !== letter || letter.normalize('NFC') !== letter
      ? escaped(letter)
      : letter,
  ).join('');
}

/** What to say of a file beside another of the same stem. */
export function duplicateNote(path: string, first: string): string {
  if (path.normalize('NFC') !== first.normalize('NFC')) return `also ${first}`;
  return `spelled ${spelledOut(fileNameOf(path))}; also ${first}, spelled ${spelledOut(fileNameOf(first))}`;
}
