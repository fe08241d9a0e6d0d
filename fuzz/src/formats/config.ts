/** `config.json` of a run. */
import { InfnetError } from '@infnet/errors';
import { type RunStore, readSettings } from '@infnet/segmentation';
import { TRAIN_OPTIONS } from '@infnet/segmentation/options';
import { mutateBytes } from '../bytes.js';
import type { Format } from '../format.js';
import { mutateJson, mutateText } from '../text.js';

const WORDS = ['null', '{}', '[]', '"settings"', '-1', 'true', '{', '}', '[', ']', ',', ':', '""', '1e999'];

export const config: Format = {
  name: 'config',
  corpus: () => [fileOf(usual())],
  hard: [
    () => fileOf({ ...usual(), ...Object.fromEntries(Array.from({ length: 24_000 }, (_, i) => [`k${i}`, 0])) }),
    () => fileOf({ ...usual(), data: new Array(60_000).fill({}) }),
    () => fileOf({ ...usual(), data: new Array(600_000).fill({}) }),
    () => fileOf(new Array(120_000).fill(0)),
  ],
  mutate(file, random) {
    if (random.isOneIn(6)) return mutateBytes(file, random);
    const text = new TextDecoder().decode(file);
    const changed = random.isOneIn(3)
      ? mutateText(text, random, WORDS)
      : JSON.stringify(mutateJson(JSON.parse(text), random));
    return new TextEncoder().encode(changed);
  },
  async read(bytes) {
    const settings = await readSettings(storeOf(bytes));
    if (settings === undefined) throw new InfnetError({ code: 'FUZZ_REFUSED', message: 'no settings of a run' });
    return 4 * bytes.length;
  },
};

function fileOf(settings: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ version: 1, command: 'train', settings }));
}

/** Every option at its default. */
function usual(): Record<string, unknown> {
  const defaults = Object.entries(TRAIN_OPTIONS).map(([name, row]) => [
    name,
    'default' in row ? row.default : undefined,
  ]);
  return { ...Object.fromEntries(defaults), data: '/slices', clip: 0.5, pseudoEpochs: 1, finetuneEpochs: 1 };
}

function storeOf(bytes: Uint8Array): RunStore {
  const none = (): never => {
    throw new Error('a run is only read');
  };
  return { where: (path) => path, read: async () => bytes, write: none, list: async () => [], open: none };
}
