/** NIfTI files for tests, made of pictures: each picture is a slice as `volumeSlice` shows it, from feet to head. */
import { type GreyImage, LUNG_WINDOW, phantomSlice, readNifti, reorientVolume, type Volume } from '../../src/index.js';

export interface MadeVolume {
  /** Distances along i, j, k of the LPS order, in mm. Default 0.8, 0.8, 5. */
  readonly spacing?: readonly [number, number, number];
  /** Of the LPS order's first voxel. */
  readonly origin?: readonly [number, number, number];
  /** Storage order. Default LPS. */
  readonly code?: string;
  /** False: the file says nothing of places. */
  readonly placed?: boolean;
}

/**
 * Bytes of pixels that become numbers: with `hounsfield` such that the lung window gives the same bytes, with `share`
 * 0..1.
 */
export function niftiOf(
  slices: readonly Pick<GreyImage, 'width' | 'height' | 'data'>[],
  kind: 'hounsfield' | 'uint8' | 'float32' | 'share',
  { spacing = [0.8, 0.8, 5], origin = [70, 60, -20], code = 'LPS', placed = true }: MadeVolume = {},
): Uint8Array {
  const { width: down, height: right } = slices[0] as GreyImage;
  // `released` has j to the right and i down.
  const [width, height, depth] = [right, down, slices.length];
  const size = kind === 'uint8' ? 1 : 4;
  const bytes = new Uint8Array(352 + width * height * depth * size);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, 348, true);
  for (const [i, n] of [3, width, height, depth, 1, 1, 1, 1].entries()) view.setInt16(40 + 2 * i, n, true);
  view.setInt16(70, kind === 'uint8' ? 2 : 16, true);
  view.setInt16(72, 8 * size, true);
  for (const [i, mm] of [1, ...spacing].entries()) view.setFloat32(76 + 4 * i, mm, true);
  view.setFloat32(108, 352, true);
  view.setFloat32(112, 1, true);
  bytes[123] = 2;
  view.setInt16(254, placed ? 1 : 0, true);
  for (const [row, sign] of [-1, -1, 1].entries()) {
    view.setFloat32(280 + 16 * row + 4 * row, sign * (spacing[row] as number), true);
    view.setFloat32(280 + 16 * row + 12, origin[row] as number, true);
  }
  bytes.set([0x6e, 0x2b, 0x31, 0], 344);
  const [low, high] = LUNG_WINDOW;
  for (const [k, { data }] of slices.entries()) {
    for (let j = 0; j < height; j++) {
      for (let i = 0; i < width; i++) {
        const at = 352 + ((k * height + j) * width + i) * size;
        const value = data[i * height + j] as number;
        if (kind === 'uint8') bytes[at] = value;
        else
          view.setFloat32(
            at,
            kind === 'float32' ? value : kind === 'share' ? value / 255 : low + (value * (high - low)) / 255,
            true,
          );
      }
    }
  }
  return code === 'LPS' ? bytes : fileOf(reorientVolume(readNifti(bytes), code));
}

/** The file of a volume whose header and data are right. */
export function fileOf({ header, data }: Volume): Uint8Array {
  const bytes = new Uint8Array(header.length + 4 + data.byteLength);
  bytes.set(header);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), header.length + 4);
  return bytes;
}

export interface Patient {
  readonly images: readonly GreyImage[];
  /** 0 and 255. */
  readonly masks: readonly GreyImage[];
}

/** Slices of a phantom, the first without a lesion. */
export function patient(seed: number, count: number, size: { width?: number; height?: number } = {}): Patient {
  const { width = 72, height = 64 } = size;
  const slices = Array.from({ length: count }, (_, k) =>
    phantomSlice(100 * seed + k, { width, height, burden: k === 0 ? 0 : 0.3 }),
  );
  return { images: slices.map(({ image }) => image), masks: slices.map(({ infection }) => infection) };
}

/** Masks of 0 and `high`. */
export function labelled(masks: readonly GreyImage[], high = 1): GreyImage[] {
  return masks.map((mask) => ({ ...mask, data: mask.data.map((v) => (v > 0 ? high : 0)) }));
}
