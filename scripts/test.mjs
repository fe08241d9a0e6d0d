/**
 * All tests: build, then in Node on SwiftShader what keeps its results' bits, then the rest in Node and, at the same
 * time, the same files in headless Chromium, which compares with those bits. (One after the other takes an eighth
 * longer on two cores: a page leaves a third of them idle.)
 *
 *   node scripts/test.mjs [--node] [--browser] [--llvmpipe] [--newer-nodes] [--long] [--part K/N] [vitest filters]
 *
 * Without a project flag it runs `--node --browser`. `--llvmpipe` runs the Node project with INFNET_ADAPTER=llvmpipe,
 * if this machine has that driver, and says so if not. `--newer-nodes` runs it with Node 22, 24 and 26
 * (scripts/nodes.mjs). `--long` takes the tests that take minutes too, and draws every case of the properties.
 * `--part K/N` runs the K-th of N parts of the files; each newer Node then takes another part. The last line sums over
 * everything that ran: `N passed, N failed[, N skipped]`. A file that could not be collected, and a run that broke
 * down, count as failed.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { newerNodes } from './nodes.mjs';
import { root, run, tally, tool } from './tools.mjs';

const { values: flags, positionals: filters } = parseArgs({
  allowPositionals: true,
  options: {
    node: { type: 'boolean' },
    browser: { type: 'boolean' },
    llvmpipe: { type: 'boolean' },
    'newer-nodes': { type: 'boolean' },
    long: { type: 'boolean' },
    part: { type: 'string' },
  },
});
if (!flags.node && !flags.browser && !flags.llvmpipe && !flags['newer-nodes']) flags.node = flags.browser = true;
const [part, parts] = partOf(flags.part);
if (flags.long) process.env.INFNET_LONG_TESTS = '1';

/** Both of Node's projects (vitest.config.ts). */
const NODE = 'node*';

/** A filter, or one part of many, may leave nothing to one of the projects. Nothing in all of them is a mistake. */
const PASS_WITHOUT = '--passWithNoTests';

const cache = join(root, 'node_modules', '.cache', 'infnet');

/** Folders whose tests touch no adapter, or choose it themselves: on a second adapter they would only repeat. */
const adapterIndependent = [
  ...['errors', 'data', 'checkpoint', 'swiftshader', 'node'].map((name) => `packages/${name}`),
  'apps/page',
];

/**
 * Folders of plain arithmetic on plain arrays: in a page they would only repeat, so that they run there in the long run
 * alone.
 */
const placeIndependent = [...['errors', 'metrics', 'report'].map((name) => `packages/${name}`), 'benchmarks'];

/** `3/5` as [3, 5]; all in one part by default. */
function partOf(text = '1/1') {
  const [, part, parts] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  if (!(part >= 1 && Number(part) <= Number(parts))) throw new Error(`--part ${text}: give K/N with K from 1 to N`);
  return [Number(part), Number(parts)];
}

function hasLlvmpipe() {
  const folder = '/usr/share/vulkan/icd.d';
  return existsSync(folder) && readdirSync(folder).some((name) => /^lvp_icd.*\.json$/.test(name));
}

/**
 * What failed, tests and files that could not be collected, a text each: a long log is often cut to its end, where the
 * counts stand.
 */
function failures(report) {
  return report.testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = relative(root, name);
    if (assertionResults.length === 0) return status === 'failed' ? [`${file}\n${indent(message)}`] : [];
    return assertionResults
      .filter((test) => test.status === 'failed')
      .map((test) => `${file} > ${test.fullName}\n${indent(test.failureMessages.join('\n'))}`);
  });
}

/** The first lines of a message, without the test runner's own part of the stack. */
const indent = (message) =>
  message
    .split('\n')
    .filter((line) => !/^\s*at .*node_modules/.test(line))
    .slice(0, 12)
    .map((line) => `    ${line.slice(0, 300)}`)
    .join('\n');

/** Counts from vitest's JSON report. */
function count(file, code) {
  if (!existsSync(file)) return { passed: 0, failed: 1, skipped: 0, note: 'vitest wrote no report' };
  const report = JSON.parse(readFileSync(file, 'utf8'));
  const failed = failures(report);
  const result = {
    passed: report.numPassedTests,
    failed: failed.length,
    skipped: report.numPendingTests + report.numTodoTests,
    failures: failed,
  };
  if (code !== 0 && result.failed === 0) {
    return { ...result, failed: 1, note: 'vitest ended with an error although every test passed (see above)' };
  }
  return result;
}

/**
 * @param {{ node?: string, shift?: number }} [options] The Node to run with, and how many parts further it takes its
 *   own.
 */
async function runProject(title, project, env, { node = process.execPath, shift = 0 } = {}) {
  const file = join(cache, `${title}.json`);
  mkdirSync(cache, { recursive: true });
  rmSync(file, { force: true });
  console.log(`\n# ${title}`);
  const command = [node, tool('vitest'), 'run', PASS_WITHOUT, '--project', project, `--outputFile.json=${file}`];
  const reporters = ['default', 'json', join(root, 'scripts', 'still-running.mjs')].map((name) => `--reporter=${name}`);
  const shard = parts === 1 ? [] : [`--shard=${((part - 1 + shift) % parts) + 1}/${parts}`];
  const { code } = await run([...command, ...reporters, ...shard, ...filters], { env });
  const result = count(file, code);
  if (result.note !== undefined) console.log(result.note);
  return { title, ...result };
}

const results = [];
console.log('# build');
const build = await run([
  join(root, 'scripts/turbo.mjs'),
  'run',
  'build',
  '--filter=./packages/*',
  '--output-logs=errors-only',
]);
if (build.code !== 0) results.push({ title: 'build', passed: 0, failed: 1, skipped: 0, note: 'the build failed' });

const adapter = process.env.INFNET_ADAPTER || 'swiftshader';
const inNode = (title, project) => runProject(title, project, { INFNET_ADAPTER: adapter });
const inBrowser = () =>
  runProject('browser', 'browser', { INFNET_TEST_EXCLUDE: flags.long ? '' : placeIndependent.join(',') });
if (flags.node && flags.browser) {
  results.push(await inNode(`node-shared-${adapter}`, 'node-shared'));
  results.push(...(await Promise.all([inNode(`node-${adapter}`, 'node'), inBrowser()])));
} else if (flags.node) {
  results.push(await inNode(`node-${adapter}`, NODE));
} else if (flags.browser) {
  results.push(await inBrowser());
}
if (flags.llvmpipe) {
  const llvmpipe = { INFNET_ADAPTER: 'llvmpipe', INFNET_TEST_EXCLUDE: adapterIndependent.join(',') };
  if (hasLlvmpipe()) results.push(await runProject('node-llvmpipe', NODE, llvmpipe));
  else console.log('\n# node-llvmpipe: not run, this machine has no /usr/share/vulkan/icd.d/lvp_icd*.json');
}

if (flags['newer-nodes']) {
  for (const [shift, [version, node]] of [...(await newerNodes())].entries()) {
    results.push(await runProject(`node-${version}-${adapter}`, NODE, { INFNET_ADAPTER: adapter }, { node, shift }));
  }
}

const sum = { passed: 0, failed: 0, skipped: 0 };
console.log('');
for (const { title, failures = [] } of results) {
  for (const failure of failures) console.log(`FAILED in ${title}: ${failure}`);
}
for (const result of results) {
  for (const key of Object.keys(sum)) sum[key] += result[key];
  console.log(`${result.title}: ${tally(result)}${result.note === undefined ? '' : ` (${result.note})`}`);
}
if (sum.passed + sum.failed + sum.skipped === 0) {
  console.log('no test ran: no file has this name, or the part is empty');
  sum.failed = 1;
}
mkdirSync(cache, { recursive: true });
writeFileSync(join(cache, 'tests.json'), JSON.stringify(sum));
console.log(tally(sum));
process.exitCode = sum.failed === 0 ? 0 : 1;
