/**
 * Everything on a machine with a card, in one go and in bounded time: gpu/run.sh starts it in the unpacked bundle.
 *
 *   node run.js --root BUNDLE --out DIR [--size 352] [--total 540] [--started EPOCH] [--quick] [--python python3]
 *     [--only tests,compare]
 *
 * Every step has a log DIR/<step>.log; a step that fails or takes too long does not keep the next from running. Last
 * come DIR/results.json and DIR/table.txt, which is printed too.
 */
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { allowance, commands, STEPS, scaled, TOTAL } from './steps.js';
import { checkedBesideTorch, collect, report } from './summary.js';

const { values } = parseArgs({
  options: {
    root: { type: 'string', default: process.cwd() },
    out: { type: 'string', default: 'gpu-results' },
    size: { type: 'string', default: '352' },
    total: { type: 'string', default: String(TOTAL) },
    started: { type: 'string' },
    only: { type: 'string' },
    python: { type: 'string', default: 'python3' },
    quick: { type: 'boolean', default: false },
  },
});
const { root, out, python, quick } = values;
const work = join(root, 'figures');
const total = Number(values.total);
const started = values.started === undefined ? Date.now() / 1e3 : Number(values.started);
const steps = scaled(STEPS, total);
const elapsed = (): number => Date.now() / 1e3 - started;
const adapter = process.env['INFNET_ADAPTER'] ?? 'gpu';

/** Runs a program with its output in `log`. Its whole process group ends with it when the time is over. */
function runCommand([program = '', ...args]: readonly string[], log: number, seconds: number): string {
  const env = {
    ...process.env,
    INFNET_ADAPTER: adapter,
    INFNET_PYTHON: python,
    // Training goldens that take minutes on a CPU.
    INFNET_LONG_TESTS: '1',
    // Timestamps as the card gives them, see gpu/webgpu-with-flags.mjs.
    INFNET_DAWN_FLAGS: 'disable-dawn-features=timestamp_quantization',
    INFNET_TUNING: join(work, 'tuning.json'),
  };
  const stdio = ['ignore', log, log] as const;
  const timeout = ['--signal=KILL', seconds.toFixed(1), program, ...args];
  const { status, signal } = spawnSync('timeout', timeout, { cwd: root, env, stdio: [...stdio] });
  if (status === 0) return 'done';
  if (signal === 'SIGKILL' || status === 137) return `ended after its ${seconds.toFixed(0)} s`;
  return status === 127 ? `${program} is not here` : `failed with ${signal ?? `code ${status}`}`;
}

function runStep(name: string): { readonly outcome: string; readonly seconds: number } {
  const allowed = allowance(steps, name, { total, elapsed: elapsed() });
  if (allowed === 0) return { outcome: 'left out: no time', seconds: 0 };
  const begin = elapsed();
  const log = openSync(join(out, `${name}.log`), 'w');
  const found: string[] = [];
  try {
    for (const command of list[name]?.(allowed) ?? []) {
      const left = allowed - (elapsed() - begin);
      if (left < 1) {
        found.push('no time for the rest');
        break;
      }
      writeSync(log, `$ ${command.join(' ').slice(0, 300)}\n`);
      found.push(runCommand(command, log, left));
      writeSync(log, `\n# ${found.at(-1)}\n`);
    }
  } finally {
    closeSync(log);
  }
  return { outcome: [...new Set(found)].join('; '), seconds: elapsed() - begin };
}

mkdirSync(out, { recursive: true });
mkdirSync(work, { recursive: true });
const list = commands({ root, work, size: Number(values.size), quick, python, onCard: adapter === 'gpu' });
const only = values.only?.split(',') ?? Object.keys(list);
const outcomes: Record<string, { readonly outcome: string; readonly seconds: number }> = {};
for (const name of Object.keys(list).filter((step) => only.includes(step))) {
  const done = runStep(name);
  outcomes[name] = done;
  console.log(`${name}: ${done.outcome}, ${done.seconds.toFixed(1)} s`);
}

const read = (file: string): string | undefined => (existsSync(file) ? readFileSync(file, 'utf8') : undefined);
const logs = Object.fromEntries(Object.keys(list).map((name) => [name, read(join(out, `${name}.log`))]));
const names = readdirSync(work, { recursive: true })
  .map(String)
  .filter((name) => name.endsWith('.json'));
const files = Object.fromEntries(names.map((name) => [name, readFileSync(join(work, name), 'utf8')]));
const about = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).infnet;
const results = collect({ about, outcomes, logs, files, seconds: elapsed() });
const text = report(results).join('\n');
writeFileSync(join(out, 'results.json'), JSON.stringify(results, null, 1));
writeFileSync(join(out, 'table.txt'), `${text}\n`);
console.log(`\n${text}`);
const { compared, differing } = checkedBesideTorch(results);
process.exitCode = results.tests?.failed === 0 && compared > 0 && differing === 0 ? 0 : 1;
