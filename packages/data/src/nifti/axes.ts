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

/**
 * The least cosine between an axis of the volume and the patient's axis that it is taken for; 1 where all are parallel.
 */
export function tiltOf(affine: Float64Array): number {
  return Math.min(1, ...(nearestAxes(affine) ?? []).map(({ cosine }) => cosine));
}

/** Cosines that differ by less are equal: the rounding of an affine may not decide. */
const EQUAL = 1e-4;

interface Nearest {
  readonly row: number;
  readonly cosine: number;
  readonly positive: boolean;
}

/**
 * For i, j and k, the patient's axis that each is taken for; `undefined` where there is none.
 *
 * Between axes that are equally near (turned by 45 degrees) the choice may not depend on which of them the file calls
 * i, nor on their direction: it goes by the signs of their coordinates' products, which are the same for an axis and
 * its reverse.
 */
function nearestAxes(affine: Float64Array): readonly [Nearest, Nearest, Nearest] | undefined {
  const entries: (Nearest & { readonly column: number; readonly tie: number })[] = [];
  for (let column = 0; column < 3; column++) {
    const at = (row: number): number => affine[row * 4 + column] as number;
    const length = Math.hypot(at(0), at(1), at(2));
    const [xy, yz, zx] = [at(0) * at(1), at(1) * at(2), at(2) * at(0)].map((product) =>
      Math.abs(product) < EQUAL * length ** 2 ? 0 : Math.sign(product),
    ) as [number, number, number];
    const tie = 9 * xy + 3 * yz + zx;
    for (let row = 0; row < 3; row++) {
      entries.push({ row, column, tie, cosine: Math.abs(at(row)) / length, positive: at(row) > 0 });
    }
  }
  if (!entries.every(({ cosine }) => Number.isFinite(cosine))) return undefined;
  const step = ({ cosine }: Nearest): number => Math.round(cosine / EQUAL);
  entries.sort((a, b) => step(b) - step(a) || a.row - b.row || b.tie - a.tie);
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

/** Volume of a voxel in the affine's unit: the determinant of its upper left part. */
export function volumeOf(affine: Float64Array): number {
  const [a, b, c, , d, e, f, , g, h, i] = affine as unknown as number[];
  const at = (value: number | undefined): number => value as number;
  return Math.abs(
    at(a) * (at(e) * at(i) - at(f) * at(h)) -
      at(b) * (at(d) * at(i) - at(f) * at(g)) +
      at(c) * (at(d) * at(h) - at(e) * at(g)),
  );
}
