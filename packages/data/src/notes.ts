/**
 * What a reader noticed in a file that it read all the same: everybody else reads such a file too, but whoever uses the
 * result should know.
 *
 * Notes are said once per file, in the form "its values are ...", so that a name can stand before them. What to do
 * about it is given as an option and values, because every face (library, command line, page) has its own words for
 * that.
 */

export type DataNoteCode =
  /** Bytes other than zeros after the compressed data. */
  | 'GZIP_TRAILING'
  /** The header's own length is not 348. */
  | 'NIFTI_HEADER'
  /** The header's `bitpix` is not that of its datatype. */
  | 'NIFTI_BITPIX'
  /** 64-bit integers beyond 2^53, which were rounded. */
  | 'NIFTI_PRECISION'
  /** sform, qform and voxel sizes say different things; one of them counts. */
  | 'NIFTI_GEOMETRY'
  /** There is no affine, or an oblique one: how slices lie is a guess or an approximation. */
  | 'NIFTI_ORIENTATION'
  /** The values are not those that the window is for. */
  | 'NOT_HOUNSFIELD'
  /** Some values are NaN or infinite. */
  | 'NOT_FINITE'
  /** The values fill next to nothing of the window. */
  | 'WINDOW_EMPTY'
  /** 16-bit samples use a part of the range that becomes few greys. */
  | 'RANGE_UNUSED'
  /** A JPEG with bytes between its segments. */
  | 'JPEG_STRAY_BYTES'
  /** A PNG with more data than its picture has. */
  | 'PNG_SURPLUS'
  /** A JPEG whose EXIF data asks for a turned picture. */
  | 'JPEG_ORIENTATION';

export interface DataNote {
  readonly code: DataNoteCode;
  /** What was noticed, with the figures, and what was done: "its header says ..." */
  readonly message: string;
  /**
   * What may be better: an option of the functions here (of the command line, `--range`) and values for it, as text.
   */
  readonly suggest?: { readonly option: 'range' | 'window' | 'orient'; readonly values: readonly string[] };
}

/** For people who use this library; other faces have words of their own. */
export function describeNote({ message, suggest }: DataNote): string {
  if (suggest === undefined) return message;
  const values = suggest.values.map((value) => (/^-?\d/.test(value) ? `[${value.replace(',', ', ')}]` : `'${value}'`));
  return `${message}; try { ${suggest.option}: ${values.join(' or ')} }`;
}
