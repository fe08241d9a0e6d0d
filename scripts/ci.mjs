/**
 * The steps of `.ci/run` after the installation. Every step runs even when one before it failed, so that one run shows
 * everything; a step counts as one check in the closing line, and the tests count one each. What would take too long
 * for every commit is run in parts that change with the day of the commit: newer Nodes, long tests, the second adapter.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root, run, tally } from './tools.mjs';

const steps = [
  ['lint', ['npm', 'run', '--silent', 'lint']],
  ['typecheck', ['npm', 'run', '--silent', 'typecheck']],
  ['dependencies', ['npm', 'run', '--silent', 'check:dependencies']],
  ['build', ['npm', 'run', '--silent', 'build']],
  ['check:packages', ['npm', 'run', '--silent', 'check:packages']],
  ['size', ['npm', 'run', '--silent', 'size']],
  // Two minutes, by a number of inputs: the same ones on every machine.
  ['fuzz', ['npm', 'run', '--silent', 'fuzz', '--', '--seed', '1', '--inputs', '100000']],
];

const sum = { passed: 0, failed: 0, skipped: 0 };
const lines = [];
const minutes = (start) => `${((Date.now() - start) / 60_000).toFixed(1)} min`;
const begin = Date.now();

for (const [name, command] of steps) {
  console.log(`\n## ${name}`);
  const start = Date.now();
  const { code } = await run(command);
  sum[code === 0 ? 'passed' : 'failed']++;
  lines.push(`${name}: ${code === 0 ? 'passed' : 'FAILED'} (${minutes(start)})`);
}

const day = dayOfCommit();
const part = (parts) => `${(day % parts) + 1}/${parts}`;
const tests = [
  ['tests', []],
  // Every file on every Node in three days; what starts programs of its own, each day.
  [`tests on newer Nodes, part ${part(3)}`, ['--newer-nodes', '--part', part(3)]],
  ['packages/node on newer Nodes', ['--newer-nodes', 'packages/node']],
  [`long tests, part ${part(5)}`, ['--long', '--node', '--browser', '--llvmpipe', '--part', part(5)]],
];
for (const [name, flags] of tests) {
  console.log(`\n## ${name}`);
  const file = join(root, 'node_modules', '.cache', 'infnet', 'tests.json');
  const start = Date.now();
  rmSync(file, { force: true });
  const { code } = await run([join(root, 'scripts/test.mjs'), ...flags]);
  const counts = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { passed: 0, failed: 1, skipped: 0 };
  if (code !== 0 && counts.failed === 0) counts.failed = 1;
  for (const key of Object.keys(sum)) sum[key] += counts[key];
  lines.push(`${name}: ${tally(counts)} (${minutes(start)})`);
}

console.log(`\n${lines.join('\n')}\nwhole run after npm ci: ${minutes(begin)}`);
console.log(tally(sum));
process.exitCode = sum.failed === 0 ? 0 : 1;

/** Days from 1970 to the commit that is tested; to today outside a repository. */
function dayOfCommit() {
  const { stdout } = spawnSync('git', ['log', '-1', '--format=%ct'], { cwd: root, encoding: 'utf8' });
  return Math.floor((Number.parseInt(stdout, 10) || Date.now() / 1000) / 86_400);
}
