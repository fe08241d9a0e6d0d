/** Labels of the slices of one volume, collected into a volume on its grid. */
import { type FloatMap, NiftiEncoder, type SliceOrientation, StoredSlices, type VolumeHeader } from '@infnet/data';

export class VolumeLabel {
  /** Path of the volume in its data set. */
  readonly path: string;
  /** Set when a slice failed: then there is no label of the volume. */
  failed = false;
  readonly #stored: StoredSlices;
  readonly #encoder: NiftiEncoder;

  constructor(path: string, header: VolumeHeader, orient: SliceOrientation) {
    this.path = path;
    this.#stored = new StoredSlices(header, orient);
    // Floats from 0 to 1, so that a faint label is not taken for a mask of 0 and 1.
    this.#encoder = new NiftiEncoder(header, 'float32', { description: 'infnet: pseudo label, 0 to 1' });
  }

  /** The next slice: bytes over its picture. */
  add({ width, height, data }: Pick<FloatMap, 'width' | 'height'> & { readonly data: Uint8Array }): void {
    const map = { width, height, data: Float32Array.from(data, (v) => v / 255) };
    for (const stored of this.#stored.add(map)) this.#encoder.push(stored);
  }

  /** The file, `.nii.gz`. */
  finish(): Uint8Array {
    return this.#encoder.finish();
  }
}
