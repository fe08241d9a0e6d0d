/**
 * Does the semi-supervised training help? Semi-supervised against supervised on phantoms, over seeds, with a control
 * that takes as many steps on the labelled slices alone.
 *
 *   node benchmarks/studies/compare-semi.mjs --out FOLDER [--seeds 5] [--adapter auto|gpu|llvmpipe|swiftshader]
 *
 * For every seed: other phantoms (12 labelled, 32 unlabelled, 40 held out) and other initial weights; three nets are
 * scored on the held-out phantoms by `infnet evaluate`:
 *   supervised   45 epochs on the labelled slices
 *   semi         these weights, then the propagation in two rounds and a fine-tuning (120 more steps)
 *   control      the labelled slices alone for as many steps as `semi` took in all (85 epochs of one cosine)
 * The table has every seed, means and standard deviations, and the paired differences. A seed whose scores are there
 * already is not run again. Needs `npm run build`.
 */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { infnet as infnetText, mean, readArguments, writeJson } from './tools.mjs';

const defaults = { out: undefined, seeds: '5', adapter: undefined };
const { values } = readArguments(import.meta.url, defaults, ({ out }) => out !== undefined);
const out = resolve(values.out);
const [LABELLED, UNLABELLED, HELD_OUT] = [12, 32, 40];
const heldOut = Array.from({ length: HELD_OUT }, (_, i) => LABELLED + i).join(',');
const NETS = ['supervised', 'semi', 'control'];
const adapter = values.adapter === undefined ? {} : { adapter: values.adapter };

const infnet = (command, options) => JSON.parse(infnetText(command, { ...options, json: true }));

function compare(seed) {
  const at = (name) => join(out, `${name}-${seed}`);
  const phantoms = { burden: 0.25 };
  infnet('phantom', {
    ...phantoms,
    out: at('labelled'),
    count: LABELLED + HELD_OUT,
    seed: 1000 * seed,
    layout: 'dataset',
  });
  infnet('phantom', {
    ...phantoms,
    out: at('unlabelled'),
    count: UNLABELLED,
    seed: 1000 * seed + 500,
    layout: 'unlabelled',
  });
  for (const name of ['semi', 'control']) rmSync(at(name), { recursive: true, force: true });
  const net = { size: 96, width: 0.25, channels: 16, batch: 4, lr: 1e-3, schedule: 'cosine', seed };
  const common = { ...adapter, data: at('labelled'), validate: heldOut, 'snapshot-epochs': 10, samples: 4, ...net };
  const semi = infnet('train', {
    ...common,
    semi: true,
    unlabelled: at('unlabelled'),
    out: at('semi'),
    epochs: 45,
    labels: 'probability',
    group: 16,
    'round-epochs': 5,
    'round-lr': 5e-4,
    'pseudo-epochs': 0,
    'finetune-epochs': 10,
  });
  const control = infnet('train', { ...common, out: at('control'), epochs: 85, 'validate-every': 85 });
  const weights = {
    supervised: join(at('semi'), 'checkpoints', 'supervised.safetensors'),
    semi: join(at('semi'), 'checkpoints', 'final.safetensors'),
    control: join(at('control'), 'checkpoints', 'final.safetensors'),
  };
  const scores = Object.fromEntries(
    NETS.map((name) => {
      const evaluation = { weights: weights[name], data: at('labelled'), validate: heldOut, size: net.size, batch: 8 };
      const { dice, meanDice, sMeasure, mae } = infnet('evaluate', {
        ...adapter,
        ...evaluation,
        out: at(`scores-${name}`),
      });
      return [name, { dice, meanDice, sMeasure, mae }];
    }),
  );
  return { seed, adapter: semi.adapter, steps: { semi: semi.last.step, control: control.last.step }, scores };
}

const deviation = (list) =>
  Math.sqrt(mean(list.map((value) => (value - mean(list)) ** 2)) * (list.length / Math.max(1, list.length - 1)));
const spread = (list) => `${mean(list).toFixed(3)} ± ${deviation(list).toFixed(3)}`;

mkdirSync(out, { recursive: true });
const results = [];
for (let seed = 1; seed <= Number(values.seeds); seed++) {
  const file = join(out, `seed-${seed}.json`);
  const known = existsSync(file);
  const result = known ? JSON.parse(readFileSync(file, 'utf8')) : compare(seed);
  if (!known) await writeJson(file, result);
  results.push(result);
}
for (const key of ['dice', 'meanDice']) {
  const of = (name) => results.map(({ scores }) => scores[name][key]);
  const difference = (name) => of('semi').map((value, i) => value - of(name)[i]);
  const rows = results.map(({ seed, scores }) => [seed, ...NETS.map((name) => scores[name][key].toFixed(3))]);
  console.log(`\n| seed, ${key} | ${NETS.join(' | ')} |\n|---|---|---|---|`);
  for (const row of rows) console.log(`| ${row.join(' | ')} |`);
  console.log(`| mean ± standard deviation | ${NETS.map((name) => spread(of(name))).join(' | ')} |`);
  for (const name of ['supervised', 'control']) {
    const better = difference(name).filter((value) => value > 0).length;
    console.log(`semi minus ${name}: ${spread(difference(name))}, better in ${better} of ${results.length}`);
  }
}
