/**
 * Checks what users install beside infnet's own packages, from the lock file:
 *
 *   - every package that the public packages and the page need at run time has a licence that asks no more than to be
 *     named (`ALLOWED`);
 *   - none needs an install script: one that has one anyway is listed with the reason why it works without
 *     (`INSTALL_SCRIPTS`);
 *   - native code is reached from `node`, `swiftshader` and `cli` alone, and the download of SwiftShader from `cli`.
 *
 *   node scripts/check-dependencies.mjs [--list]
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeRooms } from './floors.mjs';
import { packages, root } from './tools.mjs';

/** Licences (SPDX) that ask no more than to be named. */
const ALLOWED = new Set(['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT', 'Zlib']);

/** Packages with an install script, and why they work without. `check-packages.mjs` installs with --ignore-scripts. */
const INSTALL_SCRIPTS = {
  webgpu: "removes macOS's quarantine mark from files that a browser has downloaded; npm's own have none",
};

/** Machine code, or a download for the sake of it. */
const NATIVE = ['webgpu', '@sparticuz/chromium'];

/** Where the key of a package in the lock file begins: `node_modules/a/node_modules/@b/c` is `@b/c`. */
const nameOf = (key) => key.slice(key.lastIndexOf('node_modules/') + 'node_modules/'.length);

/**
 * What is installed with a package: keys of the lock file by the way that leads there. Peers that are optional are not.
 *
 * @param lock `packages` of the lock file
 * @param start key of a package, e.g. `packages/conv`
 */
export function installedWith(lock, start) {
  const ways = new Map();
  const visit = (key, way) => {
    const { dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta = {} } = lock[key];
    const peers = Object.keys(peerDependencies ?? {}).filter((name) => peerDependenciesMeta[name]?.optional !== true);
    for (const name of [...Object.keys({ ...dependencies, ...optionalDependencies }), ...peers]) {
      const found = resolved(lock, key, name);
      if (found === undefined || ways.has(found) || found === start) continue;
      ways.set(found, [...way, name]);
      visit(found, [...way, name]);
    }
  };
  visit(start, []);
  return ways;
}

/** As Node looks for `name` from the package at `key`: in its own `node_modules`, then in those around it. */
function resolved(lock, key, name) {
  for (let at = key; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/')))) {
    if (!at.endsWith('node_modules')) {
      const here = `${at === '' ? '' : `${at}/`}node_modules/${name}`;
      if (lock[here] !== undefined) return lock[here].link ? lock[here].resolved : here;
    }
    if (at === '') return undefined;
  }
}

/** What is wrong with a licence, by the terms of an SPDX expression; undefined where it may be used. */
export function licenceProblem(licence) {
  if (typeof licence !== 'string' || licence === '') return 'has no licence';
  const isAllowed = (terms) => terms.split(/ AND /).every((term) => ALLOWED.has(term.trim()));
  if (
    licence
      .replace(/^\(|\)$/g, '')
      .split(/ OR /)
      .some(isAllowed)
  )
    return undefined;
  return `has the licence ${licence}, which is not among ${[...ALLOWED].join(', ')}`;
}

/**
 * @param lock `packages` of the lock file
 * @param rooms name of each room to its key in the lock file
 * @returns what is wrong, and every third-party package by key
 */
export function examine(lock, rooms) {
  const problems = [];
  const found = new Map();
  for (const [room, start] of rooms) {
    for (const [key, way] of installedWith(lock, start)) {
      const isOurs = !key.includes('node_modules/');
      const by = `@infnet/${room}${way.length > 1 ? ` (${way.join(' > ')})` : ''}`;
      if (!isOurs && !found.has(key)) found.set(key, by);
      if (!nodeRooms.has(room) && NATIVE.includes(nameOf(key))) problems.push(`${by} installs ${nameOf(key)}`);
      if (isOurs && key === 'packages/swiftshader' && room !== 'cli') problems.push(`${by} downloads SwiftShader`);
    }
  }
  for (const [key, by] of found) {
    const { license, hasInstallScript, version } = lock[key];
    const name = nameOf(key);
    const problem = licenceProblem(license);
    if (problem !== undefined) problems.push(`${name} ${version}, for ${by}, ${problem}`);
    if (hasInstallScript && INSTALL_SCRIPTS[name] === undefined) {
      problems.push(`${name} ${version}, for ${by}, has an install script: nothing may need one`);
    }
  }
  return { problems, found };
}

if (process.argv[1] === import.meta.filename) {
  const { packages: lock } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const open = packages().filter(({ manifest }) => manifest.private !== true);
  const rooms = new Map([...open.map(({ name }) => [name, `packages/${name}`]), ['page', 'apps/page']]);
  const { problems, found } = examine(lock, rooms);
  if (process.argv.includes('--list')) {
    for (const [key, by] of [...found].sort()) {
      console.log(`${nameOf(key)} ${lock[key].version}: ${lock[key].license}, for ${by}`);
    }
  }
  for (const problem of problems) console.error(problem);
  console.log(
    problems.length === 0
      ? `dependencies: ${found.size} packages of others, all licences known, no install script needed`
      : `dependencies: ${problems.length} problem${problems.length === 1 ? '' : 's'}`,
  );
  process.exitCode = problems.length === 0 ? 0 : 1;
}
