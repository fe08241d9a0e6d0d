/** The hashes that the Node tests have kept for the browser tests; see packages/testing/src/bits.ts. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const bitsFolder = fileURLToPath(new URL('../node_modules/.cache/infnet/bits', import.meta.url));

/** @returns {Record<string, string>} `<file>: <name>` to hash. */
export function nodeBits() {
  if (!existsSync(bitsFolder)) return {};
  const files = readdirSync(bitsFolder).filter((name) => name.endsWith('.json'));
  return Object.fromEntries(
    files.flatMap((name) => {
      const hashes = JSON.parse(readFileSync(join(bitsFolder, name), 'utf8'));
      return Object.entries(hashes).map(([key, hash]) => [`${name.slice(0, -5)}: ${key}`, hash]);
    }),
  );
}
