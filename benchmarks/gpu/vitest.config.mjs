/**
 * The packages' tests on a bare machine: vitest itself on the sources in the bundle, in Node alone, with a line for
 * each test as it ends, so that a log still counts when the run is cut off.
 */
import { availableParallelism, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fixtureIndex } from '../../scripts/fixtures-plugin.mjs';
import { wgsl } from '../../scripts/wgsl-plugin.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const conditions = ['@infnet/source', 'node', 'import', 'module', 'default'];
const TIMEOUT = 120_000;

const fileOf = ({ moduleId }) => relative(root, moduleId).replaceAll('\\', '/');
const WORDS = { passed: 'pass', failed: 'FAIL', skipped: 'skip' };

/** Says what failed: a test, or a suite or file by a hook or an error outside of tests. */
function sayFailed(name, errors) {
  console.log(`FAIL ${name.replaceAll(/\s+/g, ' ')}`);
  for (const { message, stack } of errors) console.log((stack ?? message).replace(/^/gm, '    '));
}

const lines = {
  onTestCaseResult(test) {
    const { state, errors = [] } = test.result();
    const name = `${fileOf(test.module)}: ${test.fullName}`;
    if (state === 'failed') sayFailed(name, errors);
    else console.log(`${WORDS[state]} ${name.replaceAll(/\s+/g, ' ')}`);
  },
  onTestSuiteResult: (suite) => sayUnlessNone(`${fileOf(suite.module)}: ${suite.fullName}`, suite.errors()),
  onTestModuleEnd: (module) => sayUnlessNone(`${fileOf(module)}: outside of its tests`, module.errors()),
  onTestRunEnd: (_, errors) => sayUnlessNone('outside of any file', errors),
};

function sayUnlessNone(name, errors) {
  if (errors.length > 0) sayFailed(name, errors);
}

export default {
  plugins: [wgsl()],
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['packages/*/test/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/*.browser.test.ts'],
    testTimeout: TIMEOUT,
    hookTimeout: TIMEOUT,
    reporters: [lines],
    isolate: false,
    // A few files at a time: each process opens a device of its own.
    ...{ pool: 'forks', maxWorkers: Math.max(1, Math.min(8, Math.floor(availableParallelism() / 2))) },
    provide: {
      fixtures: fixtureIndex(),
      nodeBits: {},
      bitsFolder: join(tmpdir(), 'infnet-bits'),
      isLong: process.env.INFNET_LONG_TESTS === '1',
    },
  },
};
