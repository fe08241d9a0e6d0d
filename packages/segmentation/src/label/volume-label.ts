/** Labels of the slices of one volume, collected into a volume on its grid. */
import { type GreyImage, NiftiEncoder, type SliceOrientation, StoredSlices, type VolumeHeader } from '@infnet/data';

export class VolumeLabel {
  /** Path of the volume in its data set. */
  readonly path: string;
  /** Set when a slice failed: then there is no label of the volume. */
  failed = false;
  readonly #white: number;
  readonly #stored: StoredSlices;
  readonly #encoder: NiftiEncoder;

  /** @param isSoft whether labels are 0 to 255; else they are classes */
  constructor(path: string, header: VolumeHeader, orient: SliceOrientation, isSoft = true) {
    this.path = path;
    this.#white = isSoft ? 255 : 1;
    this.#stored = new StoredSlices(header, orient);
    // Floats from 0 to 1, so that a faint label is not taken for a mask of 0 and 1.
    const description = isSoft ? 'infnet: pseudo label, 0 to 1' : 'infnet: pseudo label, classes';
    this.#encoder = new NiftiEncoder(header, 'float32', { description });
  }

  /** The next slice: bytes over its picture. */
  add({ width, height, data }: Pick<GreyImage, 'width' | 'height' | 'data'>): void {
    const map = { width, height, data: Float32Array.from(data, (v) => v / this.#white) };
    for (const stored of this.#stored.add(map)) this.#encoder.push(stored);
  }

  /** The file, `.nii.gz`. */
  finish(): Uint8Array {
    return this.#encoder.finish();
  }
}
