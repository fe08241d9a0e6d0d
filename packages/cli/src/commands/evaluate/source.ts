/** Where maps and masks come from: files that are there, or a net that predicts. The scoring does not care. */
import type { ByteImage, GreyImage } from '@infnet/data';
import type { FailedFile } from '../../errors.js';
import type { MapPicture } from './maps.js';

/** One slice to score. */
export interface Item {
  readonly name: string;
  /** Paths, by what the file is. */
  readonly files: Readonly<Record<string, string>>;
  readonly map: MapPicture;
  /** 255 where infected; its size is the one that is scored at. */
  readonly truth: GreyImage;
  /** The volume that it is a slice of; undefined for a picture. */
  readonly volume?: ItemVolume;
  /** The slice itself, read when it is asked for; undefined where there is none. */
  image(): Promise<ByteImage | undefined>;
}

/** One slice whose classes are scored. */
export interface ClassItem extends Pick<Item, 'name'> {
  readonly truth: GreyImage;
  readonly predicted: GreyImage;
  readonly volume?: ItemVolume;
}

/** What the slices of a volume have in common. */
export interface ItemVolume {
  readonly name: string;
  readonly file: string;
  /** Of one voxel; undefined where the file does not say. */
  readonly millilitres: number | undefined;
  /** Distances of a slice's rows and columns in mm; missing where the file does not say. */
  readonly spacing?: readonly [number, number];
}

/** Undefined where the file does not give the size of voxels. */
export function millilitresOf({ millilitres }: ItemVolume, voxels: number): number | undefined {
  return millilitres === undefined ? undefined : voxels * millilitres;
}

export type Found<I = Item> = { readonly item: I } | { readonly failed: FailedFile };

export interface SliceSource<I = Item> extends Disposable {
  /** Items in all, as far as it is known: a volume counts as one until it was read. */
  readonly total: number;
  /** What is known to have failed before the first item. */
  readonly failed: readonly FailedFile[];
  /** Files of no concern. */
  readonly ignored: readonly string[];
  /** What was noticed in files that were read; grows. */
  readonly notes: readonly string[];
  /** The same, where it was said already. */
  readonly said: readonly string[];
  /** What is evaluated, for people. */
  readonly facts: readonly (readonly [label: string, value: string])[];
  /** The same for programs. */
  readonly settings: Readonly<Record<string, unknown>>;
  items(signal: AbortSignal | undefined): AsyncIterable<Found<I>>;
}
