/**
 * Packs everything that a bare machine with a card needs, as one file: Node, Dawn, the built packages, the tests
 * without vitest, the goldens. What runs there is @infnet/benchmarks itself, with PyTorch where there is one.
 *
 *   node benchmarks/gpu/pack.mjs [--out out/gpu] [--loader] [--no-shared] [--limit 45]
 *
 * Build first: `node scripts/turbo.mjs run build`. `--loader` adds Debian's Vulkan loader (apt-get). The folder of the
 * shared goldens is INFNET_SHARED, else ../shared; `--no-shared` takes the repository's alone. `--limit` in MB.
 */
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { deflateRawSync } from 'node:zlib';
import { fixtureIndex } from '../../scripts/fixtures-plugin.mjs';
import { root } from '../../scripts/tools.mjs';
import { bundleTests } from './bundle-tests.mjs';
import {
  assertSize,
  chooseGoldens,
  isRuntimeFile,
  LIMIT,
  LOADER,
  megabytes,
  runtimePackages,
  TESTED,
} from './plan.mjs';

const modules = join(root, 'node_modules');
const readManifest = (name) => JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8'));

function filesOf(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(folder.length + 1));
}

function copyFiles(from, to, paths) {
  for (const path of paths) {
    mkdirSync(dirname(join(to, path)), { recursive: true });
    cpSync(join(from, path), join(to, path), { dereference: true });
  }
}

/** The running Node, so that what runs there is what ran here. */
function packNode(folder) {
  mkdirSync(join(folder, 'bin'), { recursive: true });
  cpSync(process.execPath, join(folder, 'bin', 'node'));
}

function packDawn(folder) {
  const source = join(modules, 'webgpu');
  const target = join(folder, 'node_modules', 'webgpu');
  copyFiles(source, target, ['package.json', 'LICENSE.md', 'dist/linux-x64/dawn.node']);
  cpSync(join(source, 'index.js'), join(target, 'original.js'));
  cpSync(join(root, 'benchmarks/gpu/webgpu-with-flags.mjs'), join(target, 'index.js'));
}

function packPackages(folder) {
  const names = runtimePackages(['@infnet/cli', '@infnet/benchmarks'], readManifest);
  for (const name of names) {
    const source = join(modules, name);
    const own = name.startsWith('@infnet/');
    if (own && !existsSync(join(source, 'dist'))) {
      throw new Error(`${name} is not built. Run: node scripts/turbo.mjs run build`);
    }
    const files = own
      ? [
          'package.json',
          ...['dist', 'bin', 'python']
            .filter((part) => existsSync(join(source, part)))
            .flatMap((part) => under(source, part)),
        ]
      : filesOf(source).filter(isRuntimeFile);
    copyFiles(source, join(folder, 'node_modules', name), files);
  }
  console.log(`  packages: ${names.join(', ')}`);
}

const under = (source, part) =>
  filesOf(join(source, part))
    .map((path) => `${part}/${path}`)
    .filter(isRuntimeFile);

function packScripts(folder) {
  const here = join(root, 'benchmarks/gpu');
  copyFiles(here, join(folder, 'gpu'), ['reporter.mjs']);
  const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
  const commit = git('rev-parse', 'HEAD') + (git('status', '--porcelain') === '' ? '' : ' with changes');
  const about = {
    packed: new Date().toISOString(),
    commit,
    node: process.version,
    webgpu: readManifest('webgpu').version,
  };
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ private: true, type: 'module', infnet: about }, null, 1),
  );
}

/** The repository's goldens, then as many shared ones as there is room for. */
function packGoldens(folder, archive, limit, withShared) {
  const own = [];
  const shared = [];
  for (const [path, file] of Object.entries(fixtureIndex().files)) {
    if (!path.startsWith('golden/')) continue;
    (file.startsWith(join(root, 'fixtures')) ? own : shared).push({ path, file });
  }
  const copy = (goldens) => {
    for (const { path, file } of goldens) copyFiles(file.slice(0, -path.length), join(folder, 'fixtures'), [path]);
  };
  copy(own);
  archive.add('goldens', ['fixtures']);
  console.log(`  goldens: the ${own.length} files of the repository`);
  if (!withShared || shared.length === 0) return;
  // Deflate's fastest level stays above what xz makes of it.
  const sized = shared.map((golden) => ({
    ...golden,
    bytes: deflateRawSync(readFileSync(golden.file), { level: 1 }).length,
  }));
  const chosen = new Set(chooseGoldens(sized, limit - archive.bytes));
  if (chosen.size === 0) return;
  const more = shared.filter(({ path }) => chosen.has(path));
  copy(more);
  archive.add(
    'shared',
    more.map(({ path }) => `fixtures/${path}`),
  );
  console.log(`  shared goldens: ${more.length} of ${shared.length} files`);
}

/** Where apt-get cannot fetch them, the bundle goes without. @returns whether they are there */
function packLoader(folder) {
  const target = join(folder, 'loader');
  mkdirSync(target, { recursive: true });
  try {
    execFileSync('apt-get', ['download', ...LOADER], { cwd: target, stdio: 'pipe' });
    return true;
  } catch (error) {
    console.log(
      `  loader: left out, apt-get download failed: ${String(error.stderr ?? error.message)
        .trim()
        .split('\n')
        .at(-1)}`,
    );
    rmSync(target, { recursive: true });
    return false;
  }
}

function hasXz() {
  try {
    execFileSync('xz', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Compresses parts one by one; their streams, one after the other, are one archive (unpacked with `tar -i`). */
class Archive {
  constructor(out, folder) {
    this.xz = hasXz();
    this.file = join(out, this.xz ? 'bundle.tar.xz' : 'bundle.tar');
    this.folder = folder;
    this.parts = [];
    rmSync(this.file, { force: true });
    if (!this.xz) console.log('xz is not here: the bundle becomes a plain tar, which is four times as large');
  }

  add(name, paths) {
    const part = `${this.file}.part`;
    const options = ['--owner=0', '--group=0', '-C', this.folder, this.xz ? '-cJf' : '-cf', part];
    execFileSync('tar', [...options, ...paths], { env: { ...process.env, XZ_OPT: '-6' } });
    appendFileSync(this.file, readFileSync(part));
    const { size: bytes } = statSync(part);
    rmSync(part);
    this.parts.push({ name, bytes });
    console.log(`  ${name.padEnd(10)} ${megabytes(bytes)}`);
  }

  get bytes() {
    return this.parts.reduce((sum, { bytes }) => sum + bytes, 0);
  }
}

async function main() {
  const { values } = parseArgs({
    options: {
      out: { type: 'string', default: join('out', 'gpu') },
      loader: { type: 'boolean', default: false },
      'no-shared': { type: 'boolean', default: false },
      limit: { type: 'string', default: String(LIMIT / 1e6) },
    },
  });
  const limit = Number(values.limit) * 1e6;
  const folder = join(values.out, 'bundle');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const archive = new Archive(values.out, folder);

  packNode(folder);
  archive.add('node', ['bin']);
  packDawn(folder);
  archive.add('dawn', ['node_modules/webgpu']);
  packPackages(folder);
  packScripts(folder);
  const others = readdirSync(join(folder, 'node_modules')).filter((name) => name !== 'webgpu');
  archive.add('packages', ['package.json', 'gpu', ...others.map((name) => `node_modules/${name}`)]);
  const files = await bundleTests(TESTED, join(folder, 'tests'));
  archive.add('tests', ['tests']);
  console.log(`  tests: ${files.length} files of ${TESTED.join(', ')}`);
  if (values.loader && packLoader(folder)) archive.add('loader', ['loader']);
  packGoldens(folder, archive, limit, !values['no-shared']);
  const total = archive.xz ? assertSize(archive.parts, limit) : archive.bytes;
  console.log(`${archive.file}: ${megabytes(total)}`);
  console.log(`On the machine: sh benchmarks/gpu/run.sh ${archive.file} --out RESULTS`);
}

main().catch((error) => {
  console.error(`pack: ${error.message}`);
  process.exitCode = 1;
});
