/**
 * Does training at precision `fast` differ from training at `exact`? The same slices, seed and settings three times:
 * `exact`, `fast`, and as a control `exact` with a learning rate larger by one part in a million, which disturbs
 * training by about float32's rounding.
 *
 *   node benchmarks/studies/compare-precision.mjs SET --out FOLDER [--size 96] [--batch 4] [--epochs 10] [--width 1]
 *     [--validate 4,9,14,...] [--adapter NAME]
 *
 * Training is chaotic: two runs that differ in one rounding part after some steps, whatever the rounding was. So `fast`
 * is no worse where it keeps as near to `exact` as the control does. Written: FOLDER/precision.json and precision.html
 * with the curves of the three, and their distances. A run that is there already is resumed. Needs `npm run build`.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { renderReport } from '@infnet/report';
import { infnet, mean, readArguments, writeJson, writeText } from './tools.mjs';

const defaults = {
  out: undefined,
  size: '96',
  batch: '4',
  epochs: '10',
  width: '1',
  adapter: undefined,
  // Every fifth of the 50 doctor-labelled slices, as ../shared/data/README.md says.
  validate: '4,9,14,19,24,29,34,39,44,49',
};
const { values, positionals } = readArguments(
  import.meta.url,
  defaults,
  (given, [set]) => set !== undefined && given.out !== undefined,
);
const [data] = positionals;
const out = resolve(values.out);
mkdirSync(out, { recursive: true });

const RATE = 1e-4;
const RUNS = [
  { name: 'exact', precision: 'exact', rate: RATE },
  { name: 'fast', precision: 'fast', rate: RATE },
  { name: 'control', precision: 'exact', rate: RATE * (1 + 1e-6) },
];

function train({ name, precision, rate }) {
  const folder = join(out, name);
  const { size, batch, epochs, width, validate, adapter } = values;
  const settings = {
    data,
    size,
    batch,
    epochs,
    width,
    validate,
    lr: rate,
    precision,
    schedule: 'constant',
    samples: 0,
  };
  const options = existsSync(join(folder, 'config.json')) ? { resume: true } : settings;
  infnet('train', { ...options, out: folder, ...(adapter === undefined ? {} : { adapter }) });
  return readFileSync(join(folder, 'log.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

const runs = RUNS.map(({ name, ...run }) => {
  const log = train({ name, ...run });
  const steps = log.filter(({ event }) => event === 'step').map(({ step, loss }) => [step, loss]);
  const scores = log.flatMap(({ event, epoch, metrics }) =>
    event === 'epoch' && metrics ? [[epoch, metrics.dice]] : [],
  );
  return { name, ...run, steps, scores };
});
const of = (name) => runs.find((run) => run.name === name);

/** Root mean square of the relative differences of the losses, over steps `from` to `to`. */
function distance(name, from, to) {
  const [a, b] = [of(name).steps, of('exact').steps].map((steps) => steps.slice(from, to));
  return Math.sqrt(mean(a.map(([, loss], i) => ((loss - b[i][1]) / b[i][1]) ** 2)));
}

const count = Math.min(...runs.map(({ steps }) => steps.length));
const spans = [0, 1, 2, 3, 4].map((i) => [Math.round((i * count) / 5), Math.round(((i + 1) * count) / 5)]);
const distances = spans.map(([from, to]) => ({
  steps: `${from + 1} to ${to}`,
  fast: distance('fast', from, to),
  control: distance('control', from, to),
}));
const curves = (title, label, key, x) => ({
  kind: 'lines',
  title,
  x: { label: x },
  y: { label },
  series: runs.map(({ name, [key]: points }) => ({ name, points, dashed: name === 'control' })),
});
const report = {
  title: 'Precision fast against exact',
  subtitle: `${values.size} x ${values.size}, batches of ${values.batch}, ${count} steps`,
  sections: [
    {
      title: 'Curves',
      note: 'The same slices, seed and settings. Control: exact, with a learning rate larger by one part in a million.',
      blocks: [
        curves('Loss of each step', 'loss', 'steps', 'step'),
        curves('Dice of the validation slices', 'Dice', 'scores', 'epoch'),
      ],
    },
  ],
  data: { settings: { ...values, data: undefined }, runs, distances },
};
await writeText(join(out, 'precision.html'), renderReport(report));
await writeJson(join(out, 'precision.json'), report.data);
console.log('| steps | fast: rms relative difference of the loss from exact | control |\n|---|---|---|');
for (const { steps, fast, control } of distances) {
  console.log(`| ${steps} | ${fast.toExponential(1)} | ${control.toExponential(1)} |`);
}
for (const { name, steps, scores } of runs) {
  const tail = steps.slice(-Math.ceil(count / 5)).map(([, loss]) => loss);
  console.log(
    `${name}: mean loss of the last fifth ${mean(tail).toFixed(4)}, Dice ${scores.at(-1)?.[1]?.toFixed(4) ?? 'not validated'}`,
  );
}
