/**
 * How slices of a volume lie in the patient, whatever order the file stores its voxels in.
 *
 * One patient may be stored in 48 ways (six orders of the axes, each axis in two directions), all right as long as the
 * affine says which. A net has learned slices that lie in one way. So what a slice is, and which way up it lies, is
 * said in terms of the patient, and the affine's nearest axes say where in the file its pixels are. Nothing is copied
 * for it: a slice is read by strides.
 *
 * **Which way.** The 50 doctor-labelled slices of COVID-SemiSeg, which the released net learned from, all lie on their
 * side: the patient's right at the top, the spine at the right edge; that is `released`: the picture's right leads to
 * the back (P), down leads to the left (L). It is what `volume[:, :, k]` of a Python array gives for a volume stored
 * LPS, as ITK writes it.
 *
 * **Which slices.** Axial ones: all voxels that share a place along the axis from feet to head. They are numbered as
 * the file stores them along that axis, so that a slice is found again in the file.
 */
import { dataError } from '../errors.js';
import type { FloatMap } from '../resize/float.js';
import { type Direction, rowOf } from './axes.js';
import type { VolumeHeader } from './volume.js';

/**
 * How slices lie in a picture.
 *
 * - `released` (as `PL`): on their side, the patient's right at the top, the spine at the right, as the released slices
 *   lie.
 * - `upright` (as `LP`): as radiologists see them, the patient's right at the left, the spine at the bottom.
 * - two letters of R, L, A, P, S, I: where the picture's right leads in the patient, and where down leads; slices are
 *   along the third axis.
 * - `transposed`: the file's i down and j to the right, whatever the affine says. `as-stored`: i to the right, j down.
 *   Slices are along k.
 */
export type SliceOrientation = 'released' | 'upright' | 'transposed' | 'as-stored' | `${Direction}${Direction}`;

/** What the functions here need of a volume. */
export type VolumeGrid = Pick<VolumeHeader, 'width' | 'height' | 'depth' | 'orientation'>;

/**
 * Where the pixels of a slice lie: pixel (x, y) of slice s is voxel `start + x * across + y * down + s * through` of
 * the data.
 */
export interface SliceLayout {
  /** Pixels of a slice. */
  readonly width: number;
  readonly height: number;
  /** Number of slices. */
  readonly count: number;
  readonly start: number;
  readonly across: number;
  readonly down: number;
  readonly through: number;
  /** The file's axis that the slices lie along: 0 for i, 1 for j, 2 for k. */
  readonly axis: 0 | 1 | 2;
  /** The file's axes along which rows follow each other, and columns. */
  readonly rows: 0 | 1 | 2;
  readonly columns: 0 | 1 | 2;
  /** Voxels of a slice along the file's other two axes, in the file's order, whichever way up the picture is. */
  readonly extents: readonly [number, number];
}

const NAMED: Readonly<Record<string, string>> = { released: 'PL', upright: 'LP' };

/**
 * A volume that does not say how it lies is taken for this: then `released` is `transposed`, and `upright` is
 * `as-stored`.
 */
const ASSUMED = 'LPS';

/** Whether `text` is an orientation. */
export function isSliceOrientation(text: string): text is SliceOrientation {
  if (['released', 'upright', 'transposed', 'as-stored'].includes(text)) return true;
  return /^[RLAPSI]{2}$/.test(text) && rowOf(text.charAt(0)) !== rowOf(text.charAt(1));
}

/**
 * Where the slices of a volume lie in its data.
 *
 * A file of one slice (`depth` 1) is taken as stored, where its affine would cut it the other way.
 *
 * @throws `DATA_ARGUMENT` for an orientation that is none
 */
export function sliceLayout(volume: VolumeGrid, orient: SliceOrientation = 'released'): SliceLayout {
  if (!isSliceOrientation(orient)) {
    throw dataError({
      code: 'DATA_ARGUMENT',
      message: `'${String(orient)}' is no orientation of slices.`,
      fix: "Give 'released', 'upright', 'transposed', 'as-stored', or where right and down lead, e.g. 'PL'.",
    });
  }
  const { width, height, depth, orientation } = volume;
  const extents = [width, height, depth] as const;
  const strides = [1, width, width * height] as const;
  if (orient === 'transposed') return layout(extents, strides, { axis: 1 }, { axis: 0 });
  if (orient === 'as-stored') return layout(extents, strides, { axis: 0 }, { axis: 1 });
  const code = NAMED[orient] ?? orient;
  const turned = layout(extents, strides, find(orientation, code.charAt(0)), find(orientation, code.charAt(1)));
  if (depth > 1 || turned.axis === 2) return turned;
  return layout(extents, strides, find(ASSUMED, code.charAt(0)), find(ASSUMED, code.charAt(1)));
}

/** Distances of a slice's rows and of its columns in millimetres; undefined where the file does not say. */
export function sliceSpacing(
  volume: VolumeGrid & Pick<VolumeHeader, 'spacing'>,
  orient: SliceOrientation = 'released',
): readonly [number, number] | undefined {
  const { rows, columns } = sliceLayout(volume, orient);
  const [y, x] = [volume.spacing[rows], volume.spacing[columns]];
  return Number.isFinite(y) && Number.isFinite(x) ? [y, x] : undefined;
}

interface Found {
  readonly axis: 0 | 1 | 2;
  /** Whether the file stores it the other way round. */
  readonly reversed?: boolean;
}

/** The file's axis that leads to `letter`, or away from it. */
function find(orientation: string | undefined, letter: string): Found {
  const letters = orientation ?? ASSUMED;
  const axis = [0, 1, 2].findIndex((at) => rowOf(letters.charAt(at)) === rowOf(letter)) as 0 | 1 | 2;
  return { axis, reversed: letters.charAt(axis) !== letter };
}

function layout(
  extents: readonly [number, number, number],
  strides: readonly [number, number, number],
  right: Found,
  down: Found,
): SliceLayout {
  const axis = (3 - right.axis - down.axis) as 0 | 1 | 2;
  const signed = ({ axis: at, reversed = false }: Found): number => (reversed ? -strides[at] : strides[at]);
  const first = ({ axis: at, reversed = false }: Found): number => (reversed ? (extents[at] - 1) * strides[at] : 0);
  return {
    width: extents[right.axis],
    height: extents[down.axis],
    count: extents[axis],
    start: first(right) + first(down),
    across: signed(right),
    down: signed(down),
    through: strides[axis],
    axis,
    rows: down.axis,
    columns: right.axis,
    extents: extents.filter((_, at) => at !== axis) as [number, number],
  };
}

/**
 * Maps over slices back into the order of the file: `add` each slice's map, from the first on, and take what became
 * complete.
 *
 * Where slices lie along k, each comes back at once. Along i or j no slice of the file is complete before the last one
 * was given, so the whole (a float per voxel) is kept until then.
 */
export class StoredSlices {
  readonly #layout: SliceLayout;
  readonly #area: number;
  readonly #depth: number;
  #whole: Float32Array<ArrayBuffer> | undefined;
  #added = 0;

  constructor(volume: VolumeGrid, orient: SliceOrientation = 'released') {
    this.#layout = sliceLayout(volume, orient);
    this.#area = volume.width * volume.height;
    this.#depth = volume.depth;
  }

  /**
   * @param map over the next slice's picture, as wide and high as that
   * @returns slices of the file that are complete now, in its order: `slice[j * volume.width + i]`
   * @throws `DATA_ARGUMENT` for another size, or a map too many
   */
  add(map: FloatMap): readonly Float32Array<ArrayBuffer>[] {
    const { width, height, count, start, across, down, through, axis } = this.#layout;
    if (map.width !== width || map.height !== height || map.data.length !== width * height || this.#added >= count) {
      throw dataError({
        code: 'DATA_ARGUMENT',
        message: `Map ${this.#added} of ${count} must be ${width}x${height}, not ${map.width}x${map.height} (${map.data.length} values).`,
      });
    }
    const { data } = map;
    const isWhole = axis === 2;
    if (!isWhole) this.#whole ??= new Float32Array(this.#area * this.#depth);
    const to = this.#whole ?? new Float32Array(this.#area);
    const first = start + (isWhole ? 0 : this.#added * through);
    this.#added++;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) to[first + y * down + x * across] = data[y * width + x] as number;
    }
    if (isWhole) return [to];
    if (this.#added < count) return [];
    this.#whole = undefined;
    return Array.from({ length: this.#depth }, (_, k) => to.subarray(k * this.#area, (k + 1) * this.#area));
  }
}
