/**
 * The shortest way from a fresh checkout to pictures: build, make lung CT phantoms, make weights, segment, say where the
 * pictures are and how long each part took.
 *
 *   node scripts/demo.mjs [--out FOLDER] [--count 3] [--size 352] [--adapter auto|gpu|llvmpipe|swiftshader]
 *
 * Needs nothing but Node and `npm ci`: no GPU, no network, no patient's picture. There are no trained weights in this
 * repository yet, so the masks mean nothing; the output says so.
 */
import { spawn } from 'node:child_process';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { root, run } from './tools.mjs';

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: join(root, 'out', 'demo') },
    count: { type: 'string', default: '3' },
    size: { type: 'string', default: '352' },
    adapter: { type: 'string' },
  },
});
const out = resolve(values.out);
const slices = join(out, 'slices');
const results = join(out, 'results');
const weights = join(out, 'untrained.safetensors');
const times = [];

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
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
    child.on('close', (code) => done({ code: code ?? 1, stdout }));
  });
}

await part('build (what has not changed is not built again)', () =>
  run([join(root, 'scripts', 'turbo.mjs'), 'run', 'build', '--output-logs=errors-only']),
);
const made = await part(`${values.count} phantom slices`, () =>
  infnet('phantom', '--out', slices, '--count', values.count, '--json'),
);
const files = JSON.parse(made).slices.map(({ slice }) => slice);
await part('weights: UNTRAINED, seed 1', () => infnet('weights', '--out', weights, '--seed', '1'));
const adapter = values.adapter === undefined ? [] : ['--adapter', values.adapter];
const text = await part(`segment at ${values.size} x ${values.size}`, () =>
  infnet('segment', ...files, '--weights', weights, '--out', results, '--size', values.size, '--json', ...adapter),
);

const report = JSON.parse(text);
console.log(`\n# done on ${report.adapter.message.replace(/^infnet: /, '')}`);
for (const [title, seconds] of times) console.log(`${seconds.toFixed(1).padStart(8)} s  ${title}`);
const { startSeconds, compileSeconds, firstResultSeconds } = report.timings;
const each = report.slices.map(({ seconds }) => seconds.toFixed(1)).join(', ');
console.log(
  `           of it: adapter ${startSeconds.toFixed(1)} s, kernels ${compileSeconds.toFixed(1)} s, slices ${each} s; ` +
    `first result after ${firstResultSeconds.toFixed(1)} s`,
);
console.log('\nPictures:');
for (const { outputs } of report.slices) {
  for (const name of outputs) console.log(`  ${relative(process.cwd(), join(results, name))}`);
}
console.log(`  ${relative(process.cwd(), join(slices, 'masks'))} has what is really infected in the phantoms`);
console.log('\nThe weights are UNTRAINED: these masks show that everything runs, not where an infection is.');
console.log('With trained weights:  npx infnet segment slices/ --weights Inf-Net-100.pth --out results/');
