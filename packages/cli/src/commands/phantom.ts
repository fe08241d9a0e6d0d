/** `infnet phantom`: synthetic slices, so that the commands can be tried without a patient's picture. */
import { join, resolve } from 'node:path';
import { encodeClassMap, encodePng, markPhantom, phantomSlice } from '@infnet/data';
import { writeFileAtomic } from '@infnet/node';
import { cliError } from '../errors.js';
import { EXIT, type Io, say } from '../io.js';
import { sayJson } from '../json.js';
import { Progress } from '../progress.js';
import { makeFolder } from './segment/inputs.js';
import type { PhantomOptions } from './small.js';

/** Slice i has seed `seed + i`, so that more of them are the same ones and some more. */
export async function phantom(
  { out, count, seed, layout, kind, burden, json }: PhantomOptions,
  io: Io,
): Promise<number> {
  const { slices, masks, priors } = foldersOf(out, layout, kind);
  for (const folder of [slices, masks, priors]) if (folder !== undefined) await makeFolder(folder);
  const progress = new Progress(io.stderr);
  progress.phase('phantoms', count);
  const made: Readonly<Record<string, string | number>>[] = [];
  for (let i = 0; i < count; i++) {
    if (io.signal?.aborted) break;
    const name = `phantom-${String(seed + i).padStart(4, '0')}.png`;
    const { image, infection, classes } = phantomSlice((seed + i) >>> 0, { burden });
    await writeFileAtomic(join(slices, name), markPhantom(encodePng(image), (seed + i) >>> 0));
    const mask = kind === 'multi-class' ? encodeClassMap(classes) : encodePng(infection);
    if (masks !== undefined) await writeFileAtomic(join(masks, name), mask);
    if (priors !== undefined) await writeFileAtomic(join(priors, name), encodePng(infection));
    const infected = infection.data.reduce((sum, value) => sum + (value === 255 ? 1 : 0), 0);
    const { width, height } = image;
    const slice = resolve(slices, name);
    made.push({
      slice,
      ...(masks === undefined ? {} : { mask: resolve(masks, name) }),
      ...(priors === undefined ? {} : { prior: resolve(priors, name) }),
      width,
      height,
      infectedFraction: infected / (width * height),
    });
    progress.update(i + 1, name);
    // Lets a signal in.
    await new Promise((done) => setImmediate(done));
  }
  progress.clear();
  if (json) sayJson(io, { command: 'phantom', ok: made.length === count, slices: made });
  else {
    const where = [
      ...(masks === undefined
        ? []
        : [`, their ${kind === 'multi-class' ? 'class maps' : 'masks'} in ${resolve(masks)}`]),
      ...(priors === undefined ? [] : [`, their priors in ${resolve(priors)}`]),
    ].join('');
    say(io.stdout, `${made.length} phantom slices in ${resolve(slices)}${where}`);
  }
  return made.length === count ? EXIT.ok : EXIT.interrupted;
}

interface Folders {
  readonly slices: string;
  readonly masks: string | undefined;
  readonly priors: string | undefined;
}

/** @throws InfnetError `CLI_USAGE` */
function foldersOf(out: string, layout: PhantomOptions['layout'], kind: PhantomOptions['kind']): Folders {
  const inSet = layout !== 'slices';
  const slices = inSet ? join(out, 'Imgs') : out;
  if (kind === 'infection') {
    const masks = layout === 'unlabelled' ? undefined : join(out, inSet ? 'GT' : 'masks');
    return { slices, masks, priors: undefined };
  }
  if (layout === 'unlabelled') {
    throw cliError(
      'CLI_USAGE',
      'Unlabelled slices have no classes.',
      'Give --layout dataset or slices with --kind multi-class, or leave --kind out.',
    );
  }
  return { slices, masks: join(out, inSet ? 'GT' : 'masks'), priors: join(out, inSet ? 'Prior' : 'priors') };
}
