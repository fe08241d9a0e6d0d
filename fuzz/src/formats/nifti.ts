/**
 * NIfTI: fields of the header, extensions, voxels; compressed or not, in members with right checksums or wrong ones.
 */
import { gunzipSync } from 'node:zlib';
import { readNifti, readProvenance, volumeExtremes, volumeSlice } from '@infnet/data';
import { big, concat, EDGES, FLOOD, little, mutateBytes } from '../bytes.js';
import { volumeFixtures } from '../fixtures.js';
import type { Format } from '../format.js';
import type { Random } from '../random.js';
import { GZIP_FLOODS, gzipMember, gzipMembers } from './gzip.js';

/** Numbers of the first version: dims, types, scaling, where the voxels begin. */
const FIELDS = [0, 40, 42, 44, 46, 48, 50, 70, 72, 76, 80, 84, 108, 112, 116, 123, 252, 254, 280, 344, 348, 352];

export const nifti: Format = {
  name: 'nifti',
  corpus: volumeFixtures,
  mutate(file, random) {
    if (random.isOneIn(10)) return mutateBytes(file, random);
    let plain = isGzip(file) ? unzipped(file) : file;
    for (let n = 1 + random.below(3); n > 0; n--) plain = mutateVolume(plain, random);
    return random.isOneIn(3) ? gzipMember(plain, random.below(2)) : plain;
  },
  read: readVolume,
};

/** The same files, whose compression is changed and not what is in it. */
export const gzip: Format = {
  name: 'gzip',
  hard: GZIP_FLOODS.map((flood) => () => flood(gzipped(volumeFixtures()[0]!))),
  corpus: () => volumeFixtures().map(gzipped),
  mutate(file, random) {
    if (random.isOneIn(4)) return mutateBytes(file, random);
    return gzipMembers(unzipped(file), random);
  },
  read: readVolume,
};

function isGzip(file: Uint8Array): boolean {
  return file[0] === 0x1f && file[1] === 0x8b;
}

function gzipped(file: Uint8Array): Uint8Array {
  return isGzip(file) ? file : gzipMember(file, 6);
}

function unzipped(file: Uint8Array): Uint8Array {
  try {
    return gunzipSync(file, { maxOutputLength: 2 ** 22 });
  } catch {
    return new Uint8Array(352);
  }
}

function readVolume(bytes: Uint8Array): number {
  readProvenance(bytes);
  const volume = readNifti(bytes, 'volume', { maxBytes: 2 ** 26 });
  volumeExtremes(volume);
  const slice = volumeSlice(volume, 0, { window: 'minmax' });
  return volume.data.byteLength + slice.data.length;
}

function mutateVolume(file: Uint8Array, random: Random): Uint8Array {
  const out = concat(file);
  const at = random.pick(FIELDS);
  const value = random.isOneIn(2) ? random.pick(EDGES) : random.below(40);
  switch (random.below(6)) {
    case 0:
      return mutateBytes(file, random);
    case 1:
      // Extensions: lengths and kinds, many of them or a few.
      return withExtensions(file, random);
    case 2:
      if (at + 4 <= out.length) {
        new DataView(out.buffer).setFloat32(at, random.pick([0, 1, Number.NaN, 352, 1e30]), true);
      }
      return out;
    default: {
      const bytes = (random.isOneIn(2) ? little : big)(random.pick([2, 4, 8]), value);
      if (at + bytes.length <= out.length) out.set(bytes, at);
      return out;
    }
  }
}

function withExtensions(file: Uint8Array, random: Random): Uint8Array {
  const count = random.isOneIn(FLOOD) ? 9000 : 1 + random.below(3);
  const one = concat(little(4, random.pick([16, 32, 8, 0, 0xffffffff]), random.pick([6, 4, 0])), new Uint8Array(8));
  const extensions = new Array<Uint8Array>(count).fill(one);
  const header = concat(file.subarray(0, 348));
  const begin = 352 + 16 * count;
  if (header.length === 348) new DataView(header.buffer).setFloat32(108, begin, true);
  return concat(header, Uint8Array.of(1, 0, 0, 0), ...extensions, file.subarray(352));
}
