/** Where the axes of a volume lead in the patient, in letters. */

/** Right, left, front (anterior), back (posterior), head (superior), feet (inferior). */
export type Direction = 'R' | 'L' | 'A' | 'P' | 'S' | 'I';

/** By the rows of an affine: towards smaller and towards larger coordinates. */
const LETTERS = ['LR', 'PA', 'IS'] as const;

/** The row of an affine that a letter belongs to. */
export function rowOf(letter: string): number {
  return LETTERS.findIndex((pair) => pair.includes(letter));
}

/** See `VolumeHeader.orientation`. The largest entries are given away first, so that no axis is given twice. */
export function orientationOf(affine: Float64Array): string | undefined {
  const axes = nearestAxes(affine);
  return axes?.map(({ row, positive }) => (LETTERS[row] as string).charAt(positive ? 1 : 0)).join('');
}

/** The least cosine between an axis of the volume and the patient's axis that it is taken for; 1 where all are parallel. */
export function tiltOf(affine: Float64Array): number {
  return Math.min(1, ...(nearestAxes(affine) ?? []).map(({ cosine }) => cosine));
}

interface Nearest {
  readonly row: number;
  readonly cosine: number;
  readonly positive: boolean;
}

/** For i, j and k, the patient's axis that each is taken for; `undefined` where there is none. */
function nearestAxes(affine: Float64Array): readonly [Nearest, Nearest, Nearest] | undefined {
  const entries: (Nearest & { readonly column: number })[] = [];
  for (let column = 0; column < 3; column++) {
    const at = (row: number): number => affine[row * 4 + column] as number;
    const length = Math.hypot(at(0), at(1), at(2));
    for (let row = 0; row < 3; row++) {
      entries.push({ row, column, cosine: Math.abs(at(row)) / length, positive: at(row) > 0 });
    }
  }
  if (!entries.every(({ cosine }) => Number.isFinite(cosine))) return undefined;
  entries.sort((a, b) => b.cosine - a.cosine);
  const found: (Nearest | undefined)[] = [undefined, undefined, undefined];
  const given = new Set<number>();
  for (const entry of entries) {
    if (found[entry.column] !== undefined || given.has(entry.row) || entry.cosine === 0) continue;
    found[entry.column] = entry;
    given.add(entry.row);
  }
  const [i, j, k] = found;
  return i === undefined || j === undefined || k === undefined ? undefined : [i, j, k];
}
