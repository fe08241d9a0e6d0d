/**
 * The steps of `.ci/run` after the installation. Every step runs even when one before it failed, so that one run shows
 * everything; a step counts as one check in the closing line, and the tests count one each.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root, run, tally } from './tools.mjs';

const steps = [
  ['lint', ['npm', 'run', '--silent', 'lint']],
  ['typecheck', ['npm', 'run', '--silent', 'typecheck']],
  ['build', ['npm', 'run', '--silent', 'build']],
  ['check:packages', ['npm', 'run', '--silent', 'check:packages']],
  ['size', ['npm', 'run', '--silent', 'size']],
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

console.log('\n## tests');
const file = join(root, 'node_modules', '.cache', 'infnet', 'tests.json');
const start = Date.now();
rmSync(file, { force: true });
const { code } = await run([join(root, 'scripts/test.mjs'), '--node', '--browser', '--llvmpipe']);
const tests = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { passed: 0, failed: 1, skipped: 0 };
if (code !== 0 && tests.failed === 0) tests.failed = 1;
for (const key of Object.keys(sum)) sum[key] += tests[key];
lines.push(`tests: ${tally(tests)} (${minutes(start)})`);

console.log(`\n${lines.join('\n')}\nwhole run after npm ci: ${minutes(begin)}`);
console.log(tally(sum));
process.exitCode = sum.failed === 0 ? 0 : 1;
