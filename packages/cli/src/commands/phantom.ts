/** `infnet phantom`: synthetic slices, so that the commands can be tried without a patient's picture. */
import { join, resolve } from 'node:path';
import { encodePng, phantomSlice } from '@infnet/data';
import { writeFileAtomic } from '@infnet/node';
import { EXIT, type Io, say } from '../io.js';
import { Progress } from '../progress.js';
import { makeFolder } from './segment/inputs.js';

export interface PhantomCommandOptions {
  readonly out: string;
  readonly count: number;
  readonly seed: number;
  readonly layout: (typeof LAYOUTS)[number];
  /** Infected share of the lungs; undefined: varies from slice to slice, and some are healthy. */
  readonly burden?: number;
  readonly json?: boolean;
}

/** `slices`: pictures, and masks in a subfolder. `dataset`: Imgs and GT, to train on. `unlabelled`: Imgs alone. */
export const LAYOUTS = ['slices', 'dataset', 'unlabelled'] as const;

/** Slice i has seed `seed + i`, so that more of them are the same ones and some more. */
export async function phantom(
  { out, count, seed, layout, burden, json }: PhantomCommandOptions,
  io: Io,
): Promise<number> {
  const slices = layout === 'slices' ? out : join(out, 'Imgs');
  const masks = layout === 'unlabelled' ? undefined : join(out, layout === 'slices' ? 'masks' : 'GT');
  await makeFolder(masks ?? slices);
  await makeFolder(slices);
  const progress = new Progress(io.stderr);
  progress.phase('phantoms', count);
  const made: Readonly<Record<string, string | number>>[] = [];
  for (let i = 0; i < count; i++) {
    if (io.signal?.aborted) break;
    const name = `phantom-${String(seed + i).padStart(4, '0')}.png`;
    const { image, infection } = phantomSlice((seed + i) >>> 0, { burden });
    await writeFileAtomic(join(slices, name), encodePng(image));
    if (masks !== undefined) await writeFileAtomic(join(masks, name), encodePng(infection));
    const infected = infection.data.reduce((sum, value) => sum + (value === 255 ? 1 : 0), 0);
    const { width, height } = image;
    const slice = resolve(slices, name);
    made.push({
      slice,
      ...(masks === undefined ? {} : { mask: resolve(masks, name) }),
      width,
      height,
      infectedFraction: infected / (width * height),
    });
    progress.update(i + 1, name);
    // Lets a signal in.
    await new Promise((done) => setImmediate(done));
  }
  progress.clear();
  if (json)
    say(io.stdout, JSON.stringify({ command: 'phantom', ok: made.length === count, slices: made }, undefined, 2));
  else {
    const where = masks === undefined ? '' : `, their masks in ${resolve(masks)}`;
    say(io.stdout, `${made.length} phantom slices in ${resolve(slices)}${where}`);
  }
  return made.length === count ? EXIT.ok : EXIT.interrupted;
}
