/**
 * Makes the weights that ship with the page: a small Inf-Net, trained on phantoms only, stored as float16.
 *
 *   node apps/page/scripts/phantom-weights.mjs [--adapter NAME] [--epochs 40] [--count 160] [--keep FOLDER]
 *
 * Writes apps/page/public/weights/phantom.safetensors. The last tenth of the phantoms is held out and scored
 * with the rounded weights. The classifier of the backbone, which segmentation never uses, is left out. Needs
 * `npm run build`.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readSafetensors, writeSafetensors } from '@infnet/checkpoint';
import { writeFileAtomic } from '@infnet/node';

const { values } = parseArgs({
  options: {
    adapter: { type: 'string' },
    epochs: { type: 'string', default: '40' },
    count: { type: 'string', default: '160' },
    keep: { type: 'string' },
  },
});
const page = fileURLToPath(new URL('..', import.meta.url));
const program = join(page, '..', '..', 'packages', 'cli', 'bin', 'infnet.js');
const target = join(page, 'public', 'weights', 'phantom.safetensors');
const folder = values.keep ?? mkdtempSync(join(tmpdir(), 'infnet-page-weights-'));
const adapter = values.adapter === undefined ? [] : ['--adapter', values.adapter];

function infnet(...args) {
  const { status, stdout } = spawnSync(process.execPath, [program, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  if (status !== 0) process.exit(status ?? 1);
  return stdout;
}

/** Options that are no paths. */
function words(text) {
  return text.split(' ');
}

const count = Number(values.count);
const heldOut = Array.from({ length: Math.ceil(count / 10) }, (_, i) => count - 1 - i).join(',');
const [data, run] = [join(folder, 'phantoms'), join(folder, 'run')];
infnet('phantom', '--out', data, ...words(`--count ${values.count} --seed 70000 --layout dataset`));
const recipe = `--size 96 --width 0.25 --channels 16 --batch 4 --lr 1e-3 --schedule cosine --seed 1 --augment mild`;
const course = `--epochs ${values.epochs} --validate ${heldOut} --snapshot-epochs 5`;
infnet('train', '--data', data, '--out', run, ...words(`${recipe} ${course}`), ...adapter);

const { tensors, metadata } = readSafetensors(
  new Uint8Array(readFileSync(join(run, 'checkpoints', 'final.safetensors'))),
);
const kept = [...tensors.values()].filter(({ name }) => !name.startsWith('resnet.fc.'));
const stored = kept.map((tensor) => (tensor.data instanceof Float32Array ? { ...tensor, storeAs: 'float16' } : tensor));
const file = writeSafetensors(stored, {
  ...Object.fromEntries(metadata),
  trained_on: 'phantoms of infnet only',
  size: '96',
});
mkdirSync(dirname(target), { recursive: true });
await writeFileAtomic(target, file);
const asked = ['--weights', target, '--data', data, '--out', join(folder, 'scores')];
const scores = infnet('evaluate', ...asked, ...words(`--validate ${heldOut} --size 96 --json`), ...adapter);
const { dice, meanDice } = JSON.parse(scores);
console.log(
  `${target}: ${(file.length / 1e6).toFixed(2)} MB; held-out phantoms: Dice ${dice.toFixed(3)}, mean Dice ${meanDice.toFixed(3)}`,
);
if (values.keep === undefined) rmSync(folder, { recursive: true });
