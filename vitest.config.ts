import { defineConfig, type ViteUserConfig } from 'vitest/config';
import { fixtureIndex } from './scripts/fixtures-plugin.mjs';
import { wgsl } from './scripts/wgsl-plugin.mjs';

const conditions = ['@infnet/source', 'import', 'module', 'default'];

const config: ViteUserConfig = defineConfig({
  test: {
    projects: [
      {
        plugins: [wgsl()],
        resolve: { conditions: [...conditions, 'node'] },
        ssr: { resolve: { conditions: [...conditions, 'node'], externalConditions: [...conditions, 'node'] } },
        test: {
          name: 'node',
          environment: 'node',
          include: ['packages/*/test/**/*.test.ts', 'examples/*/test/**/*.test.ts', 'benchmarks/test/**/*.test.ts'],
          pool: 'forks',
          maxWorkers: 2,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          provide: { fixtures: fixtureIndex() },
          env: { INFNET_ADAPTER: process.env['INFNET_ADAPTER'] ?? 'swiftshader' },
        },
      },
    ],
  },
});

export default config;
