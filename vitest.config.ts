/**
 * Two projects over the same test files: `node` and `browser` (headless Chromium, WebGPU on SwiftShader).
 *
 * `npx vitest run packages/conv` runs the Node project. The browser project exists only when it is asked for by name,
 * `npx vitest run --project browser packages/conv`, so that nobody waits for a browser that is not needed.
 * `*.node.test.ts` runs in Node only, `*.browser.test.ts` in the browser only, every other `*.test.ts` in both.
 */
import { defineConfig, type TestProjectInlineConfiguration, type ViteUserConfig } from 'vitest/config';
import { browserDependencies } from './scripts/browser-dependencies.mjs';
import { chromiumFlags, ensureChromium } from './scripts/chromium.mjs';
import { fixtureIndex, fixtures } from './scripts/fixtures-plugin.mjs';
import { bitsFolder, nodeBits } from './scripts/node-bits.mjs';
import { wgsl } from './scripts/wgsl-plugin.mjs';

const index = fixtureIndex();
const testFiles = [
  'packages/*/test/**/*.test.ts',
  'apps/*/test/**/*.test.ts',
  'examples/*/test/**/*.test.ts',
  'benchmarks/test/**/*.test.ts',
];
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
const patience = { testTimeout: 0, hookTimeout: 0 };
const DAY = 24 * 60 * 60 * 1000;
/** See packages/testing/src/long.ts. */
const isLong = process.env['INFNET_LONG_TESTS'] === '1';

function nodeProject(): TestProjectInlineConfiguration {
  const conditions = ['@infnet/source', 'node', 'import', 'module', 'default'];
  return {
    plugins: [wgsl()],
    resolve: { conditions },
    ssr: { resolve: { conditions, externalConditions: conditions } },
    test: {
      name: 'node',
      environment: 'node',
      include: testFiles,
      exclude: ['**/node_modules/**', '**/*.browser.test.ts', ...excluded],
      ...patience,
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
const projects: TestProjectInlineConfiguration[] = [nodeProject()];
if (asked.includes('browser')) projects.push(await browserProject());

const config: ViteUserConfig = defineConfig({ test: { projects, teardownTimeout: 600_000 } });

export default config;
