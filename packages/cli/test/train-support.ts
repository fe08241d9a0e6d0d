/** A small training for the tests of `infnet train`: five phantoms, a net with a hundredth of the reference's work. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { encodePng, phantomSlice } from '@infnet/data';

/** Two steps in each epoch; one slice is validated. */
export const QUICK: readonly string[] =
  '--size 32 --width 0.125 --channels 4 --batch 2 --lr 1e-3 --validate 4 --samples 1'.split(' ');
export const STEPS_PER_EPOCH: number = 2;

/** Phantoms as a data set; `change` may spoil files by their path. */
export function writePhantoms(folder: string, change: (files: Map<string, Uint8Array>) => void = () => {}): string {
  const files = new Map<string, Uint8Array>();
  for (let i = 0; i < 5; i++) {
    const { image, infection } = phantomSlice(20 + i, { width: 64 + i, height: 70, burden: 0.3 });
    files.set(`Imgs/${i}.png`, encodePng(image));
    files.set(`GT/${i}.png`, encodePng(infection));
  }
  change(files);
  for (const [path, bytes] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
  return folder;
}

/** What two runs that did the same have in common: every bit of the state and of the weights. */
export function bitsOf(run: string): Readonly<Record<string, string>> {
  const names = ['last', 'best', 'final'] as const;
  return Object.fromEntries(
    names.map((name) => {
      const bytes = readFileSync(join(run, 'checkpoints', `${name}.safetensors`));
      return [name, createHash('sha256').update(bytes).digest('hex')];
    }),
  );
}

/** Lines of the log of one kind. */
export function logOf(run: string, event: string): readonly Readonly<Record<string, unknown>>[] {
  const lines = readFileSync(join(run, 'log.jsonl'), 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line)).filter((line) => line.event === event);
}
