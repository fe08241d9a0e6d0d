/**
 * Newer Nodes than the one that runs us, to test with: 22, 24 and 26 from npm, in `scripts/nodes`, apart from what
 * users install. Linux on x64 alone has them there.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from './tools.mjs';

export const NEWER_NODES = ['22', '24', '26'];

const folder = join(root, 'scripts', 'nodes');
const binary = (version) => join(folder, 'node_modules', `node${version}`, 'bin', 'node');

/** Version to binary, installed now where one is missing. Empty, with a line that says why, where npm has none. */
export async function newerNodes() {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    console.log('newer Nodes: not run, npm has them for Linux on x64 alone');
    return new Map();
  }
  if (!NEWER_NODES.every((version) => existsSync(binary(version)))) {
    const { code } = await run(['npm', 'ci', '--no-audit', '--no-fund', '--prefix', folder]);
    if (code !== 0) throw new Error('npm ci in scripts/nodes failed');
  }
  return new Map(NEWER_NODES.map((version) => [version, binary(version)]));
}
