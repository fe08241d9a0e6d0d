/**
 * Keeps the house standing: a package imports only from floors below its own (`floors.mjs` is the plan).
 *
 * For every room's `src` it reads the imports (also dynamic ones, types, re-exports, and the `#include`s of kernels)
 * and fails on
 *   - an import of a package that is not on a lower floor,
 *   - an import of a package that `package.json` does not list,
 *   - a `node:` module outside the packages that are Node's,
 *   - a relative import that leaves the package,
 *   - a listed `@infnet/*` dependency that is not on a lower floor,
 *   - an import of `errors` where `core` is there, which has the same: errors come through one door,
 *   - files of a package that import each other in a circle, by types too (`circles.mjs` has those that may),
 *   - `using`, which the build would turn into an import of a helper that is not a dependency,
 *   - a table or drawing in CONTRIBUTING.md that is not what the imports say; `--draw` draws both again.
 * What people start (the highest floor) is held to the floors alone. Part of `npm run lint`.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative, resolve, sep } from 'node:path';
import ts from 'typescript';
import { circleProblems } from './circles.mjs';
import { draw, replaceBetween, table } from './draw-floors.mjs';
import { exempt, floors, folderOf, heights, nodeRooms, only } from './floors.mjs';
import { root } from './tools.mjs';

const builtins = new Set(builtinModules);
const started = new Set(floors[0].rooms);

function* sources(folder) {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile() && /\.(m?ts|tsx|wgsl)$/.test(entry.name)) yield join(entry.parentPath ?? entry.path, entry.name);
  }
}

/** Why package `name` may not depend on `@infnet/<other>`, or `undefined` when it may. */
function forbidden(name, other) {
  const floorOf = (room) => floors[floors.length - 1 - heights.get(room)].floor;
  if (!heights.has(other)) return started.has(name) && exempt.has(other) ? undefined : `@infnet/${other} has no floor`;
  if (only[name] !== undefined && !only[name].includes(other)) {
    return `@infnet/${name} may import only ${only[name].map((n) => `@infnet/${n}`).join(', ')}`;
  }
  if (heights.get(other) >= heights.get(name)) {
    return `@infnet/${other} (floor ${floorOf(other)}) is not below @infnet/${name} (floor ${floorOf(name)})`;
  }
  return undefined;
}

function checkFile(name, folder, file, listed, imports, own) {
  const problems = [];
  const text = readFileSync(file, 'utf8');
  const imported = file.endsWith('.wgsl')
    ? [...text.matchAll(/^\s*#include "(.+)"/gm)].map(({ 1: fileName, index: pos }) => ({ fileName, pos }))
    : ts.preProcessFile(text, true, true).importedFiles;
  const strict = !started.has(name) || name === 'cli';
  const where = relative(root, file).replaceAll(sep, '/');
  const using = /^\s*(?:await )?using \w+ = /m.exec(text);
  if (strict && using !== null) {
    const line = text.slice(0, using.index).split('\n').length + 1;
    problems.push(
      `${where}:${line}  'using': the build makes it an import that no package lists; dispose in a finally block`,
    );
  }
  for (const { fileName: id, pos } of imported) {
    const line = text.slice(0, pos).split('\n').length;
    const say = (why) => problems.push(`${where}:${line}  '${id}': ${why}`);
    const parts = id.split('/');
    const dependency = id.startsWith('@') ? `${parts[0]}/${parts[1]}` : parts[0];
    if (dependency.startsWith('@infnet/')) {
      const other = dependency.slice('@infnet/'.length);
      const why = forbidden(name, other);
      if (why !== undefined) say(why);
      if (other === 'errors' && listed.has('@infnet/core')) say('what stands on core takes errors from @infnet/core');
      if (heights.has(other)) imports.add(other);
    }
    if (!strict) continue;
    if (id.startsWith('.')) {
      const target = resolve(dirname(file), id);
      if (!target.startsWith(join(folder, 'src') + sep)) say('leaves the package');
      own.push(target.replace(/\.js$/, '.ts'));
    } else if (id.startsWith('#')) {
      // `imports` of the package's own manifest.
    } else if (id.startsWith('node:') || builtins.has(id)) {
      if (!nodeRooms.has(name)) say(`Node's modules belong in ${[...nodeRooms].join(', ')} only`);
    } else if (!listed.has(dependency)) say(`${dependency} is not among the dependencies of @infnet/${name}`);
  }
  return problems;
}

/** The same graph with paths from `src/`, without what is no source (kernels). */
function fromSource(edges, folder) {
  const short = (file) => relative(folder, file).replaceAll(sep, '/');
  const known = ([file, targets]) => [short(file), targets.filter((target) => edges.has(target)).map(short)];
  return new Map([...edges].map(known));
}

const problems = [];
/** Room to the rooms that its sources import. */
const graph = new Map();
let files = 0;
for (const name of readdirSync(join(root, 'packages'))) {
  if (exempt.has(name) || heights.has(name) || !existsSync(join(root, 'packages', name, 'package.json'))) continue;
  problems.push(`packages/${name} has no floor: add it to scripts/floors.mjs`);
}
for (const name of heights.keys()) {
  const folder = join(root, folderOf(name));
  if (!existsSync(join(folder, 'package.json'))) continue;
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const listed = new Set(
    ['dependencies', 'optionalDependencies', 'peerDependencies'].flatMap((key) => Object.keys(manifest[key] ?? {})),
  );
  for (const dependency of listed) {
    if (!dependency.startsWith('@infnet/')) continue;
    const why = forbidden(name, dependency.slice('@infnet/'.length));
    if (why !== undefined) problems.push(`${folderOf(name)}/package.json  lists '${dependency}': ${why}`);
  }
  graph.set(name, new Set());
  /** File to the files of this room that it imports. */
  const within = new Map();
  for (const file of sources(join(folder, 'src'))) {
    files++;
    within.set(file, []);
    problems.push(...checkFile(name, folder, file, listed, graph.get(name), within.get(file)));
  }
  problems.push(...circleProblems(name, fromSource(within, join(folder, 'src'))));
}

const page = join(root, 'CONTRIBUTING.md');
const old = readFileSync(page, 'utf8');
const drawn = replaceBetween(old, 'floors', `${table(floors, graph)}\n\n${draw(floors, graph)}`);
if (process.argv.includes('--draw')) writeFileSync(page, drawn);
else if (drawn !== old) {
  problems.push('CONTRIBUTING.md: the drawing is not what the imports say; run: node scripts/check-floors.mjs --draw');
}

for (const problem of problems) console.error(problem);
console.log(
  problems.length === 0
    ? `floors: ${files} files, every import points down`
    : `floors: ${problems.length} problem${problems.length === 1 ? '' : 's'} in ${files} files`,
);
process.exitCode = problems.length === 0 ? 0 : 1;
