/** A small training for the tests of `infnet train`: five phantoms, a net with a hundredth of the reference's work. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readSafetensors } from '@infnet/checkpoint';
import { encodePng, markPhantom, phantomSlice } from '@infnet/data';

/** Two steps in each epoch; one slice is validated. */
export const QUICK: readonly string[] =
  '--size 32 --width 0.125 --channels 4 --batch 2 --lr 1e-3 --validate 4 --samples 1'.split(' ');
export const STEPS_PER_EPOCH: number = 2;

/** Phantoms as a data set; `change` may spoil files by their path. */
export function writePhantoms(folder: string, change: (files: Map<string, Uint8Array>) => void = () => {}): string {
  const files = new Map<string, Uint8Array>();
  for (let i = 0; i < 5; i++) {
    const { image, infection } = phantomSlice(20 + i, { width: 64 + i, height: 70, burden: 0.3 });
    files.set(`Imgs/${i}.png`, markPhantom(encodePng(image), 20 + i));
    files.set(`GT/${i}.png`, encodePng(infection));
  }
  change(files);
  for (const [path, bytes] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
  return folder;
}

/**
 * What two runs that did the same have in common: every bit of the weights, and of the state but for the length of the
 * log, which knows of the interruptions.
 */
export function bitsOf(
  run: string,
  names: readonly string[] = ['last', 'best', 'final'],
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    names.map((name) => {
      const bytes = new Uint8Array(readFileSync(join(run, 'checkpoints', `${name}.safetensors`)));
      const { tensors, metadata } = readSafetensors(bytes);
      const hash = createHash('sha256');
      for (const [key, text] of metadata) if (key !== 'log_lines') hash.update(`${key} ${text}`);
      for (const [key, { shape, data }] of tensors) {
        hash.update(`${key} ${shape}`).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
      }
      return [name, hash.digest('hex')];
    }),
  );
}

/** Lines of the log of one kind. */
export function logOf(run: string, event: string): readonly Readonly<Record<string, unknown>>[] {
  const lines = readFileSync(join(run, 'log.jsonl'), 'utf8').split('\n');
  return lines.flatMap((line) => (line === '' ? [] : [JSON.parse(line)])).filter((line) => line.event === event);
}
