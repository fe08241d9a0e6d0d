/**
 * The main job from a fresh checkout: build, make lung CT phantoms (few with masks, many without), train Inf-Net on the
 * few, let it label the many and learn from them, evaluate both nets on phantoms that neither has seen, segment some,
 * and say where to look.
 *
 *   node scripts/demo.mjs [--out FOLDER] [--adapter auto|gpu|llvmpipe|swiftshader] [--full] [--seed 1]
 *
 * Needs nothing but Node and `npm ci`: no GPU, no network, no patient's picture. On a software adapter the net has a
 * quarter of the width and slices have 96 pixels, so that it takes minutes; with a GPU, or --full, it is the paper's
 * net at 352 pixels. Everything goes through the public packages: this script only calls `infnet` and `@infnet/report`.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { root, run } from './tools.mjs';

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: join(root, 'out', 'demo') },
    adapter: { type: 'string' },
    full: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
  },
});
const out = resolve(values.out);
const times = [];
let peakBytes = 0;

/** Runs one part, keeps its time, and stops the demo if it fails. */
async function part(title, action) {
  console.log(`\n# ${title}`);
  const begun = performance.now();
  const { code, stdout } = await action();
  times.push([title, (performance.now() - begun) / 1000]);
  if (code !== 0) {
    console.error(`\nThe demo stopped at: ${title}. "npx infnet doctor" says what this machine lacks.`);
    process.exit(code);
  }
  return stdout;
}

/** `infnet ...`: messages and progress are shown, what it prints on stdout is returned. */
function infnet(...args) {
  return new Promise((done) => {
    const command = [join(root, 'packages', 'cli', 'bin', 'infnet.js'), ...args];
    const child = spawn(process.execPath, command, { stdio: ['inherit', 'pipe', 'inherit'] });
    const watch = setInterval(() => (peakBytes = Math.max(peakBytes, residentPeak(child.pid))), 500);
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
    child.on('close', (code) => {
      clearInterval(watch);
      done({ code: code ?? 1, stdout });
    });
  });
}

/** Largest memory a process has had, in bytes; 0 where the system does not tell (it does on Linux). */
function residentPeak(pid) {
  try {
    return 1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

const adapterArgs = values.adapter === undefined ? [] : ['--adapter', values.adapter];
await part('build (what has not changed is not built again)', () =>
  run([join(root, 'scripts', 'turbo.mjs'), 'run', 'build', '--output-logs=errors-only']),
);
const doctor = JSON.parse(await part('adapter', () => infnet('doctor', '--json', ...adapterArgs)));
const isFull = values.full || !doctor.adapter.software;
const plan = isFull
  ? { labelled: 16, unlabelled: 80, heldOut: 40, size: 352, width: 1, channels: 32, batch: 8, lr: 3e-4 }
  : { labelled: 12, unlabelled: 32, heldOut: 24, size: 96, width: 0.25, channels: 16, batch: 4, lr: 1e-3 };
const stages = isFull
  ? { epochs: 60, group: 20, roundEpochs: 5, pseudoEpochs: 0, finetuneEpochs: 20 }
  : { epochs: 45, group: 16, roundEpochs: 5, pseudoEpochs: 0, finetuneEpochs: 10 };
/** Infected share of the lungs: lesions that a small net at a small size can see. */
const BURDEN = 0.25;

const labelled = join(out, 'labelled');
const unlabelled = join(out, 'unlabelled');
const trained = join(out, 'run');
if (existsSync(join(trained, 'config.json'))) rmSync(trained, { recursive: true });
const seed = Number(values.seed);
const phantoms = (folder, count, first, layout) =>
  infnet(
    'phantom',
    '--out',
    folder,
    '--count',
    String(count),
    '--seed',
    String(first),
    '--layout',
    layout,
    '--burden',
    String(BURDEN),
    '--json',
  );
const known = plan.labelled + plan.heldOut;
await part(`${plan.labelled} phantoms with masks to train on, ${plan.heldOut} held out`, () =>
  phantoms(labelled, known, 1000 * seed, 'dataset'),
);
await part(`${plan.unlabelled} phantoms without masks`, () =>
  phantoms(unlabelled, plan.unlabelled, 1000 * seed + 500, 'unlabelled'),
);
const heldOut = Array.from({ length: plan.heldOut }, (_, i) => plan.labelled + i).join(',');
const flags = (options) => Object.entries(options).flatMap(([name, value]) => [name, String(value)]);
const { size, width, channels, batch, lr } = plan;
const training = JSON.parse(
  await part('training: on the labelled few, then semi-supervised', () =>
    infnet(
      'train',
      '--semi',
      '--json',
      ...adapterArgs,
      ...flags({ '--data': labelled, '--unlabelled': unlabelled, '--out': trained, '--validate': heldOut }),
      ...flags({ '--size': size, '--width': width, '--channels': channels, '--batch': batch, '--lr': lr }),
      ...flags({
        '--seed': seed,
        '--epochs': stages.epochs,
        '--schedule': 'cosine',
        '--labels': 'probability',
        '--snapshot-epochs': 5,
      }),
      ...flags({ '--group': stages.group, '--round-epochs': stages.roundEpochs, '--round-lr': lr / 2 }),
      ...flags({ '--pseudo-epochs': stages.pseudoEpochs, '--finetune-epochs': stages.finetuneEpochs }),
    ),
  ),
);
const evaluated = {};
for (const [name, title] of [
  ['supervised', 'evaluate the net trained on labelled phantoms alone'],
  ['final', 'evaluate the net trained semi-supervised'],
]) {
  const weights = join(trained, 'checkpoints', `${name}.safetensors`);
  evaluated[name] = JSON.parse(
    await part(title, () =>
      infnet(
        'evaluate',
        '--json',
        ...adapterArgs,
        ...flags({ '--weights': weights, '--data': labelled, '--validate': heldOut, '--size': size, '--batch': 8 }),
        ...flags({ '--out': join(out, `evaluated-${name}`) }),
      ),
    ),
  );
}
const names = training.slices.validation.slice(0, 4);
const results = join(out, 'segmented');
await part(`segment ${names.length} of the held-out phantoms`, () =>
  infnet(
    'segment',
    ...names.map((name) => join(labelled, 'Imgs', `${name}.png`)),
    ...flags({ '--weights': join(trained, 'checkpoints', 'final.safetensors'), '--out': results, '--size': size }),
    ...adapterArgs,
  ),
);

const { writeDemoReport } = await import('../benchmarks/studies/demo-report.mjs');
const total = times.reduce((sum, [, seconds]) => sum + seconds, 0);
const page = await writeDemoReport({ out, plan, stages, training, evaluated, names, times, total, peakBytes });
console.log(`\n# done on ${training.adapter}`);
for (const [title, seconds] of times) console.log(`${seconds.toFixed(1).padStart(8)} s  ${title}`);
console.log(
  `${total.toFixed(1).padStart(8)} s  in all; largest memory of a process ${(peakBytes / 1e6).toFixed(0)} MB`,
);
const score = ({ dice, meanDice }) => `Dice ${dice.toFixed(3)}, mean Dice ${meanDice.toFixed(3)}`;
console.log(`\nOn ${plan.heldOut} held-out phantoms:`);
console.log(`  ${plan.labelled} labelled phantoms alone:            ${score(evaluated.supervised)}`);
console.log(`  and ${plan.unlabelled} unlabelled ones, semi-supervised: ${score(evaluated.final)}`);
console.log(`\nLook at:  ${relative(process.cwd(), page)}`);
console.log(`          ${relative(process.cwd(), join(trained, 'report.html'))}`);
console.log('\nPhantoms are not patients: these figures say that everything works, not how good it would be on CT.');
