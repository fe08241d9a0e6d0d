/**
 * Checks what users would install, not what lies in the tree: packs every public package and examines the tarballs.
 *
 *   1. `publint` and `attw` (are the types wrong, ESM only) on each tarball.
 *   2. Each tarball has a README and a LICENSE, no tests, and every kernel under a subpath that `exports` offers.
 *   3. All tarballs are unpacked side by side, as npm would, and a plain Node imports every entry point: so the
 *      condition `@infnet/source` is proved harmless to those who do not set it. A strict program that imports
 *      everything is compiled against their declaration files.
 *   4. What an embedder installs with `npm i @infnet/conv`: `check-install.mjs`.
 *
 * Packs what is built now and nothing of an older `dist`: that is removed, and built again (out of turbo's cache,
 * mostly). `node scripts/check-packages.mjs conv nn` examines these only (and what they depend on must be among them,
 * for step 3).
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { checkInstall } from './check-install.mjs';
import { packages, root, run, tool } from './tools.mjs';
import { entries, untar } from './untar.mjs';

const work = join(root, 'node_modules', '.cache', 'infnet-packages');
const tarballs = join(work, 'tarballs');
const installed = join(work, 'node_modules', '@infnet');
const failures = [];

function fail(name, what, output = '') {
  failures.push(`${name}: ${what}`);
  console.error(`${name}: ${what}\n${output}`);
}

/** The subpaths of `exports` that plain Node can import: no patterns, no JSON. */
function entryPoints(manifest) {
  return Object.keys(manifest.exports ?? {})
    .filter((path) => !path.includes('*') && !path.endsWith('.json'))
    .map((path) => `@infnet/${manifest.name.slice('@infnet/'.length)}${path.slice(1)}`);
}

/** Whether a file of `dist` is reachable through a pattern or a literal of `exports`. */
function isExported(manifest, file) {
  return Object.values(manifest.exports ?? {}).some((target) => {
    const path = typeof target === 'string' ? target : target.default;
    if (typeof path !== 'string') return false;
    const [head, tail] = path.split('*');
    return tail === undefined ? path === file : file.startsWith(head) && file.endsWith(tail);
  });
}

async function checkContents(name, manifest, archive) {
  const files = [];
  for await (const entry of entries(archive)) files.push(`./${entry.name.replace(/^package\//, '')}`);
  for (const needed of ['./README.md', './LICENSE', './dist/index.js', './dist/index.d.ts']) {
    if (!files.includes(needed)) fail(name, `the tarball lacks ${needed}`);
  }
  for (const file of files) {
    if (/\.map$/.test(file)) fail(name, `the tarball contains the source map ${file}, which no build of ours makes`);
    if (/\.test\.|^\.\/test\//.test(file)) fail(name, `the tarball contains the test ${file}`);
    if (file.startsWith('./dist/') && file.endsWith('.wgsl') && !isExported(manifest, file)) {
      fail(name, `the kernel ${file} is not offered by "exports"`);
    }
  }
}

const asked = process.argv.slice(2);
const publicPackages = packages().filter(
  ({ name, manifest }) => manifest.private !== true && (asked.length === 0 || asked.includes(name)),
);
rmSync(work, { recursive: true, force: true });
mkdirSync(tarballs, { recursive: true });
for (const { folder } of publicPackages) rmSync(join(folder, 'dist'), { recursive: true, force: true });
const filters = publicPackages.map(({ manifest }) => `--filter=${manifest.name}`);
const build = [join(root, 'scripts', 'turbo.mjs'), 'run', 'build', ...filters];
const built = await run([process.execPath, ...build], { quiet: true });
if (built.code !== 0) fail('build', 'failed', built.output);
for (const { name, folder } of publicPackages) {
  if (!existsSync(join(folder, 'dist', 'index.js'))) fail(name, 'has no dist/index.js after its build');
}
if (failures.length === 0) {
  const folders = publicPackages.map(({ folder }) => folder);
  const pack = ['npm', 'pack', '--silent', '--ignore-scripts', '--pack-destination', tarballs, ...folders];
  const { code, output } = await run(pack, { quiet: true });
  if (code !== 0) fail('npm pack', 'failed', output);
}
const packed = failures.length === 0;

if (packed) {
  const files = readdirSync(tarballs);
  for (const { name, manifest } of publicPackages) {
    const file = files.find((f) => f === `infnet-${name}-${manifest.version}.tgz`);
    if (file === undefined) {
      fail(name, 'npm pack made no tarball');
      continue;
    }
    const tarball = join(tarballs, file);
    const archive = gunzipSync(readFileSync(tarball));
    await checkContents(name, manifest, archive);
    await untar(archive, join(work, 'unpacked', name));
    const checks = [
      ['publint', [tool('publint'), tarball, '--strict']],
      ['attw', [tool('attw', '@arethetypeswrong/cli'), tarball, '--profile', 'esm-only', '--no-emoji']],
    ];
    for (const [what, command] of checks) {
      const { code, output } = await run(command, { quiet: true });
      if (code !== 0) fail(name, `${what} found problems`, output);
    }
  }
}

if (packed) {
  mkdirSync(installed, { recursive: true });
  for (const { name } of publicPackages) {
    renameSync(join(work, 'unpacked', name, 'package'), join(installed, name));
  }
  for (const id of publicPackages.flatMap(({ manifest }) => entryPoints(manifest))) {
    const program = `const m = await import(${JSON.stringify(id)}); if (Object.keys(m).length === 0) throw new Error('no exports');`;
    const command = [process.execPath, '--input-type=module', '--eval', program];
    const { code, output } = await run(command, { cwd: work, quiet: true });
    if (code !== 0) fail(id, 'plain Node cannot import it', output);
  }
}

/** Compiles a program that imports everything, as a user's compiler would, declaration files checked too. */
async function checkTypes() {
  const imports = publicPackages.flatMap(({ manifest }) => entryPoints(manifest));
  writeFileSync(join(work, 'user.mts'), imports.map((id, i) => `export * as m${i} from '${id}';\n`).join(''));
  for (const [module, moduleResolution] of [
    ['ESNext', 'bundler'],
    ['NodeNext', 'NodeNext'],
  ]) {
    const compilerOptions = {
      module,
      moduleResolution,
      target: 'ES2023',
      lib: ['ES2023', 'DOM', 'ESNext.Disposable'],
      types: ['@webgpu/types', 'node'],
      strict: true,
      noEmit: true,
      skipLibCheck: false,
    };
    writeFileSync(join(work, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['user.mts'] }));
    const { output } = await run([tool('tsc', 'typescript'), '-p', work, '--pretty', 'false'], {
      cwd: work,
      quiet: true,
    });
    const ours = output.split('\n').filter((line) => /^(user\.mts|node_modules[\\/]@infnet)/.test(line));
    if (ours.length > 0) fail('types', `a user's compiler (${moduleResolution}) finds errors`, ours.join('\n'));
  }
}
if (packed) await checkTypes();
if (packed && asked.length === 0) console.log(await checkInstall(tarballs, fail));

rmSync(join(work, 'unpacked'), { recursive: true, force: true });
console.log(
  failures.length === 0
    ? `packages: ${publicPackages.length} tarballs are right`
    : `packages: ${failures.length} problem${failures.length === 1 ? '' : 's'}\n  ${failures.join('\n  ')}`,
);
process.exitCode = failures.length === 0 ? 0 : 1;
