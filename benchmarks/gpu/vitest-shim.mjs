/**
 * Stands in for `vitest` where there is none: on a bare machine. It is vitest's own runner, matchers and spies
 * (@vitest/runner, @vitest/expect on chai, @vitest/spy) without what surrounds them, so that a test passes here if it
 * passes there. One line for each test as it ends, so that a log still counts when the run is cut off.
 */
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  ASYMMETRIC_MATCHERS_OBJECT,
  GLOBAL_EXPECT,
  getState,
  JestAsymmetricMatchers,
  JestChaiExpect,
  JestExtend,
  setState,
} from '@vitest/expect';
import { format as prettyFormat } from '@vitest/pretty-format';
import { startTests } from '@vitest/runner';
import { restoreAllMocks, spyOn } from '@vitest/spy';
import * as chai from 'chai';

export { afterAll, afterEach, beforeAll, beforeEach, describe, it, test } from '@vitest/runner';
export const vi = { restoreAllMocks, spyOn };

const TIMEOUT = 120_000;

/** What vitest.config.ts provides. */
export function inject(name) {
  if (name === 'fixtures') {
    fixtures ??= { files: fixtureFiles(), url: '/__fixtures__/' };
    return fixtures;
  }
  if (name === 'nodeBits') return {};
  if (name === 'isLong') return process.env.INFNET_LONG_TESTS === '1';
  if (name === 'bitsFolder') return join(tmpdir(), 'infnet-bits');
  throw new Error(`inject("${name}"): nothing of that name is provided here`);
}

let fixtures;

/** Every file of the bundle's fixtures by its path below them. */
function fixtureFiles() {
  const folder = process.env.INFNET_FIXTURES || fileURLToPath(new URL('../fixtures', import.meta.url));
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const files = entries.map((entry) => join(entry.parentPath ?? entry.path, entry.name));
  return Object.fromEntries(files.map((file) => [relative(folder, file).replaceAll('\\', '/'), file]));
}

export const expect = makeExpect();

function makeExpect() {
  for (const plugin of [JestExtend, JestChaiExpect, JestAsymmetricMatchers]) chai.use(plugin);
  const made = (value, message) => chai.expect(value, message);
  Object.assign(made, chai.expect, globalThis[ASYMMETRIC_MATCHERS_OBJECT]);
  made.getState = () => getState(made);
  made.setState = (state) => setState(state, made);
  made.unreachable = (message) => chai.assert.fail(`expected not to get here${message ? `: ${message}` : ''}`);
  globalThis[GLOBAL_EXPECT] = made;
  made.setState({ assertionCalls: 0, isExpectingAssertions: false, expectedAssertionsNumber: null });
  made.extend = (matchers) => chai.expect.extend(made, matchers);
  made.extend({ toMatchInlineSnapshot });
  return made;
}

/** As vitest prints a value and strips an inline snapshot of its indentation. */
function toMatchInlineSnapshot(received, snapshot) {
  const actual = prettyFormat(received, { escapeString: false, printBasicPrototype: false }).trim();
  const expected = withoutIndentation(snapshot).trim();
  return { pass: actual === expected, message: () => 'the inline snapshot differs', actual, expected };
}

function withoutIndentation(text) {
  const indent = /^\n([ \t]+)/.exec(text)?.[1];
  return indent === undefined ? text : text.replaceAll(`\n${indent}`, '\n');
}

const oneLine = (text) => text.replaceAll(/\s+/g, ' ');
const indent = (text) => text.replace(/^/gm, '    ');

const titleOf = ({ name, suite }) => (suite === undefined ? name : `${titleOf(suite)} > ${name}`);

/** Whoever failed here: a test, or a suite or file by a hook or an error outside of tests. */
function say(file, task) {
  const { state, errors = [] } = task.result ?? {};
  if (task.type !== 'test' && errors.length === 0) return;
  const name = `${file}: ${oneLine(task === task.file ? 'outside of its tests' : titleOf(task))}`;
  if (state !== 'fail') console.log(`${state === 'pass' ? 'pass' : 'skip'} ${name}`);
  else {
    console.log(`FAIL ${name}`);
    for (const { name: kind, message, stack } of errors) console.log(indent(stack ?? `${kind}: ${message}`));
  }
}

const testsOf = ({ tasks = [] }) => tasks.flatMap((task) => (task.type === 'suite' ? testsOf(task) : [task]));

/** Runs the tests of one file, which `load` imports. Called by the entry that bundle-tests.mjs writes. */
export async function runFile(file, load) {
  const told = new Set();
  const runner = {
    config: {
      ...{ root: '/', name: undefined, setupFiles: [], passWithNoTests: true, testNamePattern: undefined },
      ...{ allowOnly: false, chaiConfig: undefined, maxConcurrency: 1, testTimeout: TIMEOUT, hookTimeout: TIMEOUT },
      ...{ retry: 0, includeTaskLocation: false, tags: [], tagsFilter: undefined, strictTags: false },
      sequence: { hooks: 'stack', setupFiles: 'list', seed: 0 },
    },
    importFile: () => load(),
    onAfterRunTask: (test) => {
      told.add(test);
      say(file, test);
    },
    onAfterRunSuite: (suite) => say(file, suite),
  };
  const [found] = await startTests([`/${file}`], runner);
  // Those that were skipped, by themselves or below a hook that failed.
  for (const test of testsOf(found)) if (!told.has(test)) say(file, test);
  process.exitCode = found.result?.state === 'fail' ? 1 : 0;
}
