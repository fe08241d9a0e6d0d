/** Files of the repository to begin with. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's folder: this file is in `fuzz/src`, or built in `fuzz/dist`. */
export const root: string = fileURLToPath(new URL('../..', import.meta.url));

/** Larger ones would only be slow. */
const MOST_BYTES = 6000;

/** Files with this ending in folders of the repository. */
export function fixtureFiles(ending: string, ...folders: readonly string[]): Uint8Array[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith(ending))
      .sort()
      .map((name) => new Uint8Array(readFileSync(join(root, folder, name))))
      .filter(({ length }) => length <= MOST_BYTES),
  );
}

/** The volumes of `packages/data`, which stand in one file of JSON. */
export function volumeFixtures(): Uint8Array[] {
  const text = readFileSync(join(root, 'packages/data/test/fixtures/nifti.json'), 'utf8');
  const { files } = JSON.parse(text) as { files: Record<string, { base64: string }> };
  const volumes = Object.values(files).map(({ base64 }) => new Uint8Array(Buffer.from(base64, 'base64')));
  return volumes.filter(({ length }) => length <= MOST_BYTES);
}
