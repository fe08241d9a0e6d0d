/**
 * Stands in for `vitest` where there is none: on a bare machine, with `node --test`.
 *
 * A test file is collected first and then declared to node:test in one go (`register`), because node:test starts its
 * first test before a file with a top-level `await` has declared the rest. Matchers and spies are vitest's own
 * (@vitest/expect on chai, @vitest/spy), so that a test passes here if it passes there. Only what this repository's
 * tests use is here; anything else throws.
 */
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import {
  after,
  afterEach as afterEachNode,
  before,
  beforeEach as beforeEachNode,
  describe as describeNode,
  it as itNode,
} from 'node:test';
import { fileURLToPath } from 'node:url';
import { format } from 'node:util';
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
import { restoreAllMocks, spyOn } from '@vitest/spy';
import * as chai from 'chai';

const TIMEOUT = 120_000;

export const vi = { restoreAllMocks, spyOn };

const newSuite = (name, skip) => ({ name, skip, items: [], hooks: [] });
const root = newSuite('', false);
let current = root;

function addTest(name, skip, body, timeout) {
  current.items.push({ kind: 'test', name: title(name), skip: skip || current.skip, body, timeout });
}

function addSuite(name, skip, body) {
  const parent = current;
  const suite = newSuite(title(name), skip || parent.skip);
  parent.items.push({ kind: 'suite', suite });
  current = suite;
  try {
    if (body?.() instanceof Promise) throw new Error(`describe("${suite.name}") is asynchronous: not supported here`);
  } finally {
    current = parent;
  }
}

const title = (name) => (typeof name === 'function' ? name.name : String(name));

/** `%s` and the like with the arguments in turn, `%#` the row's number, `$key` and `$key.inner` of an object. */
export function eachTitle(text, values, index) {
  const filled = text.replaceAll('%#', String(index)).replace(/\$([A-Za-z_][\w.]*)/g, (whole, path) => {
    if (values[0] === null || typeof values[0] !== 'object') return whole;
    const value = path.split('.').reduce((inner, key) => inner?.[key], values[0]);
    return value === undefined ? whole : format('%s', value);
  });
  const count = (filled.match(/%[sdifjoO]/g) ?? []).length;
  return format(filled.replaceAll('%f', '%d'), ...values.slice(0, count));
}

/** The three forms (name, body), (name, options, body), (name, body, timeout). */
function readArguments(second, third) {
  if (typeof second === 'function')
    return { body: second, timeout: typeof third === 'number' ? third : third?.timeout };
  return { body: third, timeout: second?.timeout, skip: second?.skip === true };
}

/** `declare` with `each`, `for`, `skip`, `skipIf`, `runIf`. `context`: tests get one, suites do not. */
function family(declare, context) {
  const make = (skip) => {
    const call = (name, second, third) => {
      const { body, timeout, skip: asked } = readArguments(second, third);
      declare(name, skip || asked === true || body === undefined, body, timeout);
    };
    const rows = (spread) => (table) => (name, second, third) => {
      const { body, timeout } = readArguments(second, third);
      for (const [index, row] of [...table].entries()) {
        const values = Array.isArray(row) ? row : [row];
        const text = eachTitle(title(name), values, index);
        const given = spread ? values : [row];
        declare(text, skip, (inner) => body(...given, ...(context && !spread ? [inner] : [])), timeout);
      }
    };
    return Object.assign(call, { each: rows(true), for: rows(false) });
  };
  const run = make(false);
  const skip = make(true);
  return Object.assign(run, {
    skip,
    skipIf: (condition) => (condition ? skip : run),
    runIf: (condition) => (condition ? run : skip),
  });
}

export const it = family(addTest, true);
export const test = it;
export const describe = family(addSuite, false);

const hook = (kind) => (body, timeout) => void current.hooks.push({ kind, body, timeout });
export const beforeAll = hook('before');
export const afterAll = hook('after');
export const beforeEach = hook('beforeEach');
export const afterEach = hook('afterEach');

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

/** Declares what a file has collected to node:test. Called last, by the entry that bundle-tests.mjs writes. */
export function register(file) {
  declareSuite({ ...root, name: file });
}

function declareSuite({ name, items, hooks }) {
  describeNode(name, { concurrency: 1 }, () => {
    for (const { kind, body, timeout } of hooks) declareHook(kind, body, timeout);
    for (const item of items) {
      if (item.kind === 'suite') declareSuite(item.suite);
      else declareTest(item);
    }
  });
}

const nodeHooks = { before, after, beforeEach: beforeEachNode, afterEach: afterEachNode };

/** A `before` hook may give back what is to be done after. */
function declareHook(kind, body, timeout = TIMEOUT) {
  let undo;
  nodeHooks[kind](
    async () => {
      undo = await body();
    },
    { timeout },
  );
  const opposite = { before: 'after', beforeEach: 'afterEach' }[kind];
  if (opposite === undefined) return;
  nodeHooks[opposite](async () => {
    if (typeof undo === 'function') await undo();
  });
}

class Skipped extends Error {}

/**
 * `skip(why)` and `skip(condition, why)` end a test, the latter if the condition holds; node:test's own would go on.
 */
function declareTest({ name, skip, body, timeout = TIMEOUT }) {
  itNode(name, { skip, timeout }, async (context) => {
    const skipNow = (condition = true, why = undefined) => {
      if (condition === false) return;
      context.skip(typeof condition === 'string' ? condition : why);
      throw new Skipped();
    };
    try {
      await body({ skip: skipNow });
    } catch (error) {
      if (!(error instanceof Skipped)) throw error;
    }
  });
}
