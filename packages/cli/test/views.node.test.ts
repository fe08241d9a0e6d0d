/**
 * Every reader, given bytes that lie in the midst of a larger memory: Node's `Buffer`s are such views (a small file's
 * shares a pool with other files'), and so are parts of a request's body. Before and behind lies another file of the
 * same kind, which nobody may read.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readCheckpoint, readSafetensors, writeSafetensors } from '@infnet/checkpoint';
import {
  decodeImage,
  encodeClassMap,
  encodePng,
  formatOf,
  phantomSlice,
  readClassMap,
  readNifti,
  readNiftiHeader,
  readNpy,
  writeNifti,
  writeNpy,
} from '@infnet/data';
import { describe, expect, it } from 'vitest';
import { fixture, readable } from '../../data/test/fixtures/nifti.js';
import { COLOUR_JPEG, GREY_JPEG } from '../../data/test/support/pictures.js';

const golden = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(fileURLToPath(new URL(`../../../fixtures/golden/checkpoints/${name}`, import.meta.url))));
const torch = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(fileURLToPath(new URL(`../../checkpoint/test/fixtures/${name}`, import.meta.url))));
const phantom = (seed: number) => phantomSlice(seed, { width: 64, height: 70 });
const maps = (seed: number, format: 'palette' | 'grey') => {
  const { classes } = phantom(seed);
  return encodeClassMap(classes as Parameters<typeof encodeClassMap>[0], format);
};
const tensors = (value: number) => [{ name: 'w', shape: [3], data: Float32Array.of(value, 2, 3) }];
const chest = readNifti(fixture('chest.nii.gz').bytes);

/** Bytes are bytes, whether a `Buffer` holds them or not. */
function withoutBuffers(value: unknown): unknown {
  if (value instanceof Uint8Array) return Uint8Array.from(value);
  if (ArrayBuffer.isView(value) || typeof value !== 'object' || value === null) return value;
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  return Object.fromEntries(entries.map(([key, one]) => [key, withoutBuffers(one)]));
}

type Reader = (bytes: Uint8Array) => unknown;

/** What is read, by which reader, and another file of its kind that lies around it. */
const cases: readonly (readonly [name: string, bytes: Uint8Array, decoy: Uint8Array, read: Reader])[] = [
  ...readable.map(
    ({ name, bytes }) =>
      [`NIfTI ${name}`, bytes, fixture('metres.nii').bytes, (b: Uint8Array) => readNifti(b)] as const,
  ),
  ['NIfTI header', fixture('int16-be.nii').bytes, fixture('scaled.nii.gz').bytes, (b) => readNiftiHeader(b)],
  [
    'NIfTI written here',
    writeNifti(chest, new Uint8Array(40 * 36 * 5)),
    fixture('chest.nii.gz').bytes,
    (b) => readNifti(b),
  ],
  ['PNG', encodePng(phantom(1).image), encodePng(phantom(2).image), (b) => decodeImage(b)],
  ['class map', maps(1, 'palette'), maps(2, 'grey'), async (b) => readClassMap(await decodeImage(b))],
  ['JPEG, grey', GREY_JPEG, COLOUR_JPEG, (b) => decodeImage(b)],
  ['JPEG, colour and progressive', COLOUR_JPEG, GREY_JPEG, (b) => decodeImage(b)],
  ['npy', writeNpy(Float32Array.of(1, 2, 3), [3]), writeNpy(Float32Array.of(9), [1]), (b) => readNpy(b)],
  ['safetensors', writeSafetensors(tensors(1)), writeSafetensors(tensors(9)), (b) => readSafetensors(b).tensors],
  ...['small_zip.pth', 'small_legacy.pth', 'mixed_zip.pth', 'mixed_legacy.pth', 'small_wrapped.pth'].map(
    (name) => [name, golden(name), golden('mixed_zip.pth'), (b: Uint8Array) => readCheckpoint(b).tensors] as const,
  ),
  ...['deflated.pth', 'modern.pth', 'modern_legacy.pth', 'no_crc.pth', 'protocol4.pth'].map(
    (name) => [name, torch(name), golden('small_zip.pth'), (b: Uint8Array) => readCheckpoint(b).tensors] as const,
  ),
  [
    'the format of DICOM',
    new Uint8Array(140).fill(68, 128, 129).fill(73, 129, 130).fill(67, 130, 131).fill(77, 131, 132),
    GREY_JPEG,
    formatOf,
  ],
];

describe('views into larger memory', () => {
  it.each(cases)('%s', async (_, bytes, decoy, read) => {
    const wanted = await read(Uint8Array.from(bytes));
    for (const shift of [0, 1, 8, 13]) {
      const start = shift + decoy.length;
      const memory = Buffer.allocUnsafeSlow(start + bytes.length + decoy.length).fill(0xaa);
      memory.set(decoy, shift);
      memory.set(bytes, start);
      memory.set(decoy, start + bytes.length);
      const buffer = memory.subarray(start, start + bytes.length);
      const view = new Uint8Array(memory.buffer, memory.byteOffset + start, bytes.length);
      expect(await read(view), `Uint8Array at ${start}`).toEqual(wanted);
      const result = await read(buffer);
      expect(withoutBuffers(result), `Buffer at ${start}`).toEqual(withoutBuffers(wanted));
    }
  });
});
