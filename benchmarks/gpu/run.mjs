/**
 * Everything on the machine, in one go and in bounded time: run.sh starts it in the unpacked bundle.
 *
 *   node gpu/run.mjs --out DIR [--size 352] [--total 540] [--started EPOCH] [--quick] [--python python3] [--only tests,compare]
 *
 * Every step has a log DIR/<step>.log; a step that fails or takes too long does not keep the next from running. Last come
 * DIR/results.json and DIR/table.txt, which is printed too.
 */
import { spawn } from 'node:child_process';
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
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { allowance, STEPS, scaled, TOTAL } from './budget.mjs';
import { commands } from './steps.mjs';
import { collect, report } from './summary.mjs';

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: 'gpu-results' },
    size: { type: 'string', default: '352' },
    total: { type: 'string', default: String(TOTAL) },
    started: { type: 'string' },
    only: { type: 'string' },
    python: { type: 'string', default: 'python3' },
    quick: { type: 'boolean', default: false },
  },
});
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const work = join(root, 'figures');
const total = Number(values.total);
const started = values.started === undefined ? Date.now() / 1e3 : Number(values.started);
const steps = scaled(STEPS, total);
const elapsed = () => Date.now() / 1e3 - started;

/** Runs a program with its output in `log`. Its whole process group ends with it when the time is over. */
function runCommand([program, ...args], log, seconds) {
  return new Promise((resolve) => {
    const tuning = join(work, 'tuning.json');
    const env = {
      ...process.env,
      INFNET_ADAPTER: process.env.INFNET_ADAPTER ?? 'gpu',
      // Training goldens that take minutes on a CPU.
      INFNET_LONG_TESTS: '1',
      // Timestamps as the card gives them, see webgpu-with-flags.mjs.
      INFNET_DAWN_FLAGS: 'disable-dawn-features=timestamp_quantization',
      ...(existsSync(tuning) ? { INFNET_TUNING: tuning } : {}),
    };
    const child = spawn(program, args, { cwd: root, env, stdio: ['ignore', log, log], detached: true });
    let outcome;
    const timer = setTimeout(() => {
      outcome = `ended after its ${seconds.toFixed(0)} s`;
      endGroup(child.pid);
    }, seconds * 1e3);
    child.on('error', (error) => {
      clearTimeout(timer);
      resolve(error.code === 'ENOENT' ? `${program} is not here` : error.message);
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve(outcome ?? (code === 0 ? 'done' : `failed with ${signal ?? `code ${code}`}`));
    });
  });
}

function endGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended by itself in this very moment.
  }
}

async function runStep(name, list) {
  const allowed = allowance(steps, name, { total, elapsed: elapsed() });
  if (allowed === 0) return { outcome: 'left out: no time', seconds: 0 };
  const begin = elapsed();
  const log = openSync(join(values.out, `${name}.log`), 'w');
  const outcomes = [];
  try {
    for (const command of list[name](allowed)) {
      const left = allowed - (elapsed() - begin);
      if (left < 1) {
        outcomes.push('no time for the rest');
        break;
      }
      writeSync(log, `$ ${command.join(' ').slice(0, 300)}\n`);
      outcomes.push(await runCommand(command, log, left));
      writeSync(log, `\n# ${outcomes.at(-1)}\n`);
    }
  } finally {
    closeSync(log);
  }
  return { outcome: [...new Set(outcomes)].join('; '), seconds: elapsed() - begin };
}

mkdirSync(values.out, { recursive: true });
mkdirSync(work, { recursive: true });
const list = commands({ root, work, size: Number(values.size), quick: values.quick, python: values.python });
const only = values.only?.split(',') ?? Object.keys(list);
const outcomes = {};
for (const name of Object.keys(list).filter((step) => only.includes(step))) {
  outcomes[name] = await runStep(name, list);
  console.log(`${name}: ${outcomes[name].outcome}, ${outcomes[name].seconds.toFixed(1)} s`);
}

const readIfThere = (file) => (existsSync(file) ? readFileSync(file, 'utf8') : undefined);
const logs = Object.fromEntries(Object.keys(list).map((name) => [name, readIfThere(join(values.out, `${name}.log`))]));
const figures = Object.fromEntries(readdirSync(work).map((name) => [name, readFileSync(join(work, name), 'utf8')]));
const about = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).infnet;
const results = collect({ about, outcomes, logs, figures, seconds: elapsed() });
const text = report(results);
writeFileSync(join(values.out, 'results.json'), JSON.stringify(results, null, 1));
writeFileSync(join(values.out, 'table.txt'), `${text.join('\n')}\n`);
console.log(`\n${text.join('\n')}`);
process.exitCode = results.tests?.failed === 0 && results.compare !== undefined ? 0 : 1;
