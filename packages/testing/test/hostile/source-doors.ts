/** The doors of packages by their manifests, as files of their sources. In Node only. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';

const PACKAGES = new URL('../../../', import.meta.url);

/** Package and subpath, as `nn` and `nn/kernels`, to the module. Patterns (`./*.wgsl`) are no doors. */
export function sourceDoors(): Map<string, URL> {
  const doors = new Map<string, URL>();
  for (const name of readdirSync(PACKAGES)) {
    const manifest = new URL(`${name}/package.json`, PACKAGES);
    if (!existsSync(manifest)) continue;
    const { exports = {} } = JSON.parse(readFileSync(manifest, 'utf8')) as {
      readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
    };
    for (const [path, target] of Object.entries(exports)) {
      const source = typeof target === 'string' ? undefined : target['@infnet/source'];
      if (source?.endsWith('.ts')) doors.set(name + path.slice(1), new URL(source, manifest));
    }
  }
  return doors;
}
