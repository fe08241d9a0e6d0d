/**
 * The same test files in Node, and in headless Chromium (`browser`, WebGPU on SwiftShader).
 *
 * Node has two projects. In `node-shared` a process takes one file after the other, so that what all of them import is
 * loaded once: a process for each file took a second more, for files of milliseconds. It is for what computes and
 * leaves nothing behind. What starts processes, changes the environment or keeps files until the end of a test file
 * (`ownProcess`) is in `node`, with a process for each file.
 *
 * `npx vitest run packages/conv` runs the Node project. The browser project exists only when it is asked for by name,
 * `npx vitest run --project browser packages/conv`, so that nobody waits for a browser that is not needed.
 * `*.node.test.ts` runs in Node only, `*.browser.test.ts` in the browser only, every other `*.test.ts` in both.
 */
import { defineConfig, type TestProjectInlineConfiguration, type ViteUserConfig } from 'vitest/config';
import { browserDependencies } from './scripts/browser-dependencies.mjs';
import { chromiumFlags, ensureChromium } from './scripts/chromium.mjs';
import { fixtureIndex, fixtures } from './scripts/fixtures-plugin.mjs';
import { LongestFirst } from './scripts/longest-first.mjs';
import { bitsFolder, nodeBits } from './scripts/node-bits.mjs';
import { wgsl } from './scripts/wgsl-plugin.mjs';

const index = fixtureIndex();
const testFiles = [
  'packages/*/test/**/*.test.ts',
  'apps/*/test/**/*.test.ts',
  'examples/*/test/**/*.test.ts',
  'benchmarks/test/**/*.test.ts',
  'fuzz/test/**/*.test.ts',
];
const ownProcess = ['packages/{cli,node,swiftshader}', 'apps/*', 'examples/*', 'benchmarks', 'fuzz'].map(
  (folder) => `${folder}/test/**/*.test.ts`,
);
/**
 * Folders that `scripts/test.mjs` leaves out on a second adapter, or in a page; vitest's own `--exclude` does not reach
 * projects.
 */
const excluded = (process.env['INFNET_TEST_EXCLUDE'] ?? '')
  .split(',')
  .flatMap((folder) => (folder === '' ? [] : [`${folder}/**`]));
/**
 * No test may fail because the machine is slow: none has a limit of time. What hangs is named by
 * scripts/still-running.mjs.
 */
const DAY = 24 * 60 * 60 * 1000;
const patience = { testTimeout: 0, hookTimeout: 0, expect: { poll: { timeout: DAY } } };
/** See packages/testing/src/long.ts. */
const isLong = process.env['INFNET_LONG_TESTS'] === '1';

function nodeProject(isShared: boolean): TestProjectInlineConfiguration {
  const conditions = ['@infnet/source', 'node', 'import', 'module', 'default'];
  return {
    plugins: [wgsl()],
    resolve: { conditions },
    ssr: { resolve: { conditions, externalConditions: conditions } },
    test: {
      name: isShared ? 'node-shared' : 'node',
      environment: 'node',
      include: isShared ? testFiles : ownProcess,
      exclude: ['**/node_modules/**', '**/*.browser.test.ts', ...(isShared ? ownProcess : []), ...excluded],
      ...patience,
      isolate: !isShared,
      // One after the other: a process is shared only by files that follow each other.
      sequence: { groupOrder: Number(isShared) },
      // Few processes: each creates a device of its own, and a software adapter uses every core by itself.
      pool: 'forks',
      maxWorkers: Number(process.env['INFNET_TEST_WORKERS'] ?? 2),
      provide: { fixtures: index, nodeBits: {}, bitsFolder, isLong },
      env: { INFNET_ADAPTER: process.env['INFNET_ADAPTER'] ?? 'swiftshader' },
    },
  };
}

async function browserProject(): Promise<TestProjectInlineConfiguration> {
  const { playwright } = await import('@vitest/browser-playwright');
  return {
    plugins: [wgsl(), fixtures(index)],
    resolve: { conditions: ['@infnet/source', 'browser', 'import', 'module', 'default'] },
    // All dependencies are known before the first test: meeting one later would reload the page under a running test.
    optimizeDeps: { noDiscovery: true, include: browserDependencies() },
    test: {
      name: 'browser',
      include: testFiles,
      exclude: ['**/node_modules/**', '**/*.node.test.ts', ...excluded],
      ...patience,
      fileParallelism: false,
      // One frame for all files: what they import is loaded once.
      isolate: false,
      provide: { fixtures: index, nodeBits: nodeBits(), bitsFolder, isLong },
      browser: {
        enabled: true,
        headless: true,
        screenshotFailures: false,
        connectTimeout: DAY,
        // WebGPU needs a secure context, which an address of this machine is.
        api: { host: '127.0.0.1' },
        provider: playwright({ launchOptions: { ...(await ensureChromium()), args: chromiumFlags, timeout: 0 } }),
        instances: [{ browser: 'chromium' }],
      },
    },
  };
}

const args = process.argv.slice(2);
const asked = args.flatMap((arg, i) =>
  arg === '--project' ? [args[i + 1]] : arg.startsWith('--project=') ? [arg.slice(10)] : [],
);
const projects: TestProjectInlineConfiguration[] = [nodeProject(false), nodeProject(true)];
if (asked.includes('browser')) projects.push(await browserProject());

const config: ViteUserConfig = defineConfig({
  test: { projects, teardownTimeout: 600_000, sequence: { sequencer: LongestFirst } },
});

export default config;
