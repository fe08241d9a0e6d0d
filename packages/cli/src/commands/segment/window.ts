import { isSliceOrientation, type SliceOrientation, type VolumeWindow } from '@infnet/data';
import { InvalidArgumentError } from 'commander';

/** `lung`, `minmax` or `LOW,HIGH`, e.g. `-1350,150`. */
export function volumeWindow(text: string): VolumeWindow {
  if (text === 'lung' || text === 'minmax') return text;
  const parts = text.split(',');
  const [low, high] = parts.map((part) => (part.trim() === '' ? Number.NaN : Number(part))) as [number, number];
  if (parts.length === 2 && Number.isFinite(low) && Number.isFinite(high) && low < high) return [low, high];
  throw new InvalidArgumentError('Give lung, minmax, or two numbers LOW,HIGH with LOW below HIGH.');
}

/** `released`, `upright`, `transposed`, `as-stored`, or two letters, e.g. `PL`. */
export function sliceOrientation(text: string): SliceOrientation {
  const asked = /^[rlapsi]{2}$/i.test(text) ? text.toUpperCase() : text;
  if (isSliceOrientation(asked)) return asked;
  throw new InvalidArgumentError(
    'Give released, upright, transposed, as-stored, or where right and down lead in the patient, two of R L A P S I, e.g. PL.',
  );
}
