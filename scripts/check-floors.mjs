/**
 * Keeps the house standing: a package imports only from floors below its own.
 *
 * For every `packages/<name>/src` it reads the imports (also dynamic ones, types, re-exports) and fails on
 *   - an import of a package that is not on a lower floor,
 *   - an import of a package that `package.json` does not list,
 *   - a `node:` module outside the packages that are Node's,
 *   - a relative import that leaves the package,
 *   - a listed `@infnet/*` dependency that is not on a lower floor,
 *   - `using`, which the build would turn into an import of a helper that is no dependency.
 * Part of `npm run lint`.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Lower number, lower floor. `checkpoint`, `data`, `metrics`, `report` stand beside the house, on the ground: they know
 * errors only.
 */
const floors = {
  errors: 0,
  swiftshader: 0.1,
  node: 0.2,
  checkpoint: 0.5,
  data: 0.5,
  metrics: 0.5,
  report: 0.5,
  core: 1,
  conv: 2,
  nn: 2,
  'conv-block': 2.5,
  res2net: 3,
  'partial-decoder': 3,
  'reverse-attention': 3,
  'edge-attention': 3,
  'inf-net': 4,
  trainer: 4.5,
  cli: 5,
};
/** Beside the house: these may import only what is listed, whatever its floor. */
const only = {
  checkpoint: ['errors'],
  data: ['errors'],
  metrics: ['errors'],
  report: ['errors'],
  core: ['errors', 'node'],
};
const nodePackages = new Set(['node', 'swiftshader', 'cli']);
/** Private, for tests alone; it may look at anything, and nothing may look at it. */
const exempt = new Set(['testing']);
const builtins = new Set(builtinModules);

function* sources(folder) {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile() && /\.m?ts$/.test(entry.name)) yield join(entry.parentPath ?? entry.path, entry.name);
  }
}

/** Why package `name` may not depend on `@infnet/<other>`, or `undefined` when it may. */
function forbidden(name, other) {
  if (floors[other] === undefined) return `@infnet/${other} has no floor`;
  if (only[name] !== undefined && !only[name].includes(other)) {
    return `@infnet/${name} may import only ${only[name].map((n) => `@infnet/${n}`).join(', ')}`;
  }
  if (floors[other] >= floors[name]) {
    return `@infnet/${other} (floor ${Math.floor(floors[other])}) is not below @infnet/${name} (floor ${Math.floor(floors[name])})`;
  }
  return undefined;
}

function checkFile(name, folder, file, listed) {
  const problems = [];
  const text = readFileSync(file, 'utf8');
  const info = ts.preProcessFile(text, true, true);
  const using = /^\s*(?:await )?using \w+ = /m.exec(text);
  if (using !== null) {
    const line = text.slice(0, using.index).split('\n').length + 1;
    const where = `${relative(root, file).replaceAll(sep, '/')}:${line}`;
    problems.push(`${where}  'using': the build makes it an import that no package lists; dispose in a finally block`);
  }
  for (const { fileName: id, pos } of info.importedFiles) {
    const line = text.slice(0, pos).split('\n').length;
    const say = (why) => problems.push(`${relative(root, file).replaceAll(sep, '/')}:${line}  '${id}': ${why}`);
    if (id.startsWith('.')) {
      const target = resolve(dirname(file), id);
      if (!target.startsWith(join(folder, 'src') + sep)) say('leaves the package');
    } else if (id.startsWith('#')) {
      // `imports` of the package's own manifest.
    } else if (id.startsWith('node:') || builtins.has(id)) {
      if (!nodePackages.has(name)) say(`Node's modules belong in ${[...nodePackages].join(', ')} only`);
    } else {
      const parts = id.split('/');
      const dependency = id.startsWith('@') ? `${parts[0]}/${parts[1]}` : parts[0];
      if (dependency.startsWith('@infnet/')) {
        const why = forbidden(name, dependency.slice('@infnet/'.length));
        if (why !== undefined) say(why);
      }
      if (!listed.has(dependency)) say(`${dependency} is not among the dependencies of @infnet/${name}`);
    }
  }
  return problems;
}

const problems = [];
let files = 0;
for (const name of readdirSync(join(root, 'packages'))) {
  const folder = join(root, 'packages', name);
  if (exempt.has(name) || !existsSync(join(folder, 'package.json'))) continue;
  if (floors[name] === undefined) {
    problems.push(`packages/${name} has no floor: add it to scripts/check-floors.mjs`);
    continue;
  }
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const listed = new Set(
    ['dependencies', 'optionalDependencies', 'peerDependencies'].flatMap((key) => Object.keys(manifest[key] ?? {})),
  );
  for (const dependency of listed) {
    if (!dependency.startsWith('@infnet/')) continue;
    const why = forbidden(name, dependency.slice('@infnet/'.length));
    if (why !== undefined) problems.push(`packages/${name}/package.json  lists '${dependency}': ${why}`);
  }
  for (const file of sources(join(folder, 'src'))) {
    files++;
    problems.push(...checkFile(name, folder, file, listed));
  }
}

for (const problem of problems) console.error(problem);
console.log(
  problems.length === 0
    ? `floors: ${files} files, every import points down`
    : `floors: ${problems.length} problem${problems.length === 1 ? '' : 's'} in ${files} files`,
);
process.exitCode = problems.length === 0 ? 0 : 1;
