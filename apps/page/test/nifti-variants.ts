/**
 * The same volume as other programs may store it: written here from the NIfTI-1 standard, byte by byte, by nothing of
 * this project, so that reader and writer cannot agree on the same mistake.
 */
import { gzipSync } from 'node:zlib';

export interface VariantOptions {
  readonly type: 'int16' | 'float32';
  readonly littleEndian: boolean;
  /** Which of the two transformations the header has. */
  readonly form: 'sform' | 'qform';
  /** Stored numbers are (value - intercept) / slope. */
  readonly slope?: number;
  readonly intercept?: number;
  readonly isCompressed: boolean;
}

/** @param values whole numbers, x fastest */
export function niftiVariant(
  shape: readonly [number, number, number],
  values: ArrayLike<number>,
  { type, littleEndian, form, slope = 1, intercept = 0, isCompressed }: VariantOptions,
): Uint8Array {
  const [each, code] = type === 'int16' ? [2, 4] : [4, 16];
  const bytes = new Uint8Array(352 + values.length * each);
  const view = new DataView(bytes.buffer);
  const shorts = (at: number, ...numbers: number[]): void => {
    for (const [i, number] of numbers.entries()) view.setInt16(at + 2 * i, number, littleEndian);
  };
  const floats = (at: number, ...numbers: number[]): void => {
    for (const [i, number] of numbers.entries()) view.setFloat32(at + 4 * i, number, littleEndian);
  };
  view.setInt32(0, 348, littleEndian);
  shorts(40, 3, ...shape, 1, 1, 1, 1);
  shorts(70, code, 8 * each);
  floats(76, 1, 0.9, 0.8, 3, 0, 0, 0, 0);
  floats(108, 352, slope, intercept);
  bytes[123] = 2;
  shorts(252, form === 'qform' ? 1 : 0, form === 'sform' ? 2 : 0);
  // Turned by 180 degrees about z: i to the left, j to the front's opposite, k to the head.
  if (form === 'qform') floats(256, 0, 0, 1, 20, 30, -40);
  if (form === 'sform') floats(280, -0.9, 0, 0, 20, 0, -0.8, 0, 30, 0, 0, 3, -40);
  bytes.set(new TextEncoder().encode('n+1'), 344);
  for (let i = 0; i < values.length; i++) {
    const stored = ((values[i] as number) - intercept) / slope;
    if (type === 'int16') view.setInt16(352 + 2 * i, stored, littleEndian);
    else view.setFloat32(352 + 4 * i, stored, littleEndian);
  }
  return isCompressed ? new Uint8Array(gzipSync(bytes)) : bytes;
}
