/**
 * Phantoms with classes, and a U-Net with a sixty-fourth of the reference's channels, for the tests of the second
 * stage.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type WritableTensor, writeSafetensors } from '@infnet/checkpoint';
import { initialValues } from '@infnet/core';
import { encodeClassMap, encodePng, phantomSlice } from '@infnet/data';
import { UNet, type UNetOptions } from '@infnet/inf-net';

/** Two steps in each epoch; one slice is validated. */
export const QUICK_CLASSES: readonly string[] =
  '--multi-class --size 32 --width 0.0625 --batch 2 --validate 4 --samples 1'.split(' ');

/** Five phantoms with class maps and priors as a data set; `change` may spoil files by their path. */
export function writeClassPhantoms(
  folder: string,
  change: (files: Map<string, Uint8Array>) => void = () => {},
): string {
  const files = new Map<string, Uint8Array>();
  for (let i = 0; i < 5; i++) {
    const { image, infection, classes } = phantomSlice(60 + i, { width: 64 + i, height: 70, burden: 0.4 });
    files.set(`Imgs/${i}.png`, encodePng(image));
    files.set(`GT/${i}.png`, encodeClassMap(classes));
    files.set(`Prior/${i}.png`, encodePng(infection));
  }
  change(files);
  for (const [path, bytes] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
  return folder;
}

/** Untrained weights of a U-Net, as a file's bytes. */
export function unetWeights(
  options: UNetOptions = { width: 1 / 16 },
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const tensors = new UNet(options).stateDictSpec().map(({ name, shape, parameter }): WritableTensor => {
    const data = parameter.dtype === 'i32' ? new BigInt64Array(1) : initialValues(parameter, 1);
    return { name, shape, data };
  });
  return writeSafetensors(tensors, metadata);
}
