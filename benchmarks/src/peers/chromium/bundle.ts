/** The page's program as one file, made of the sources by rolldown, as a page's bundler would. */
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import type { wgsl as Wgsl } from '../../../../scripts/wgsl-plugin.mjs';
import { importScript } from './scripts.js';

/** The same file from `src` and from `dist`. */
const source = fileURLToPath(new URL('../../../src/peers/chromium/page.ts', import.meta.url));

export async function bundlePage(): Promise<string> {
  const { wgsl } = await importScript<{ readonly wgsl: typeof Wgsl }>('wgsl-plugin.mjs');
  const build = await rolldown({
    input: source,
    platform: 'browser',
    resolve: { conditionNames: ['@infnet/source', 'browser', 'import', 'module', 'default'] },
    plugins: [wgsl()],
    logLevel: 'silent',
  });
  try {
    const { output } = await build.generate({ format: 'esm', inlineDynamicImports: true });
    return output[0].code;
  } finally {
    await build.close();
  }
}
