/**
 * Packs everything that a bare machine with a card needs, as one file: Node, Dawn, the built packages, their sources
 * and tests with vitest, the goldens. What runs there is @infnet/benchmarks itself, with PyTorch where there is one.
 *
 *   node benchmarks/gpu/pack.mjs [--out out/gpu] [--loader] [--no-shared] [--limit 45]
 *
 * Build first: `node scripts/turbo.mjs run build`. `--loader` adds Debian's Vulkan loader (apt-get). The folder of the
 * shared goldens is INFNET_SHARED, else ../shared; `--no-shared` takes the repository's alone. `--limit` in MB.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { deflateRawSync } from 'node:zlib';
import { fixtureIndex } from '../../scripts/fixtures-plugin.mjs';
import { root } from '../../scripts/tools.mjs';
import {
  assertSize,
  chooseGoldens,
  isRuntimeFile,
  LIMIT,
  LOADER,
  megabytes,
  RUN,
  runtimePackages,
  SOURCES,
} from './plan.mjs';

const modules = join(root, 'node_modules');
const readManifest = (name) => JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8'));
const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();

/** The files below `path` that are needed at run time. */
function copyRuntime(base, path, folder) {
  const filter = (file) => statSync(file).isDirectory() || isRuntimeFile(relative(base, file));
  cpSync(join(base, path), join(folder, path), { recursive: true, dereference: true, filter });
}

function packDawn(folder) {
  const [source, target] = [join(modules, 'webgpu'), join(folder, 'node_modules', 'webgpu')];
  for (const file of ['package.json', 'LICENSE.md', 'dist/linux-x64/dawn.node'])
    cpSync(join(source, file), join(target, file));
  cpSync(join(source, 'index.js'), join(target, 'original.js'));
  cpSync(join(root, 'benchmarks/gpu/webgpu-with-flags.mjs'), join(target, 'index.js'));
}

/** The repository in small, laid out as here: sources and tests, what is built of them, and what they stand on. */
function packPackages(folder) {
  for (const path of git('ls-files', '-co', '--exclude-standard', ...SOURCES).split('\n'))
    if (existsSync(join(root, path))) cpSync(join(root, path), join(folder, path));
  const names = runtimePackages(RUN, readManifest);
  for (const name of names.filter((one) => !one.startsWith('@infnet/')))
    copyRuntime(modules, name, join(folder, 'node_modules'));
  mkdirSync(join(folder, 'node_modules/@infnet'));
  for (const name of readdirSync(join(modules, '@infnet'))) {
    const path = relative(realpathSync(root), realpathSync(join(modules, '@infnet', name)));
    if (!existsSync(join(folder, path, 'package.json'))) continue;
    symlinkSync(join('../..', path), join(folder, 'node_modules/@infnet', name));
    if (!names.includes(`@infnet/${name}`)) continue;
    if (!existsSync(join(root, path, 'dist'))) {
      throw new Error(`@infnet/${name} is not built. Run: node scripts/turbo.mjs run build`);
    }
    copyRuntime(root, join(path, 'dist'), folder);
  }
  console.log(`  packages: ${names.join(', ')}`);
  const about = {
    packed: new Date().toISOString(),
    commit: git('rev-parse', 'HEAD') + (git('status', '--porcelain') === '' ? '' : ' with changes'),
    node: process.version,
    webgpu: readManifest('webgpu').version,
  };
  const manifest = { private: true, type: 'module', infnet: about };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest, null, 1));
}

/** The repository's goldens, then as many shared ones as there is room for. */
function packGoldens(folder, archive, limit, withShared) {
  const goldens = Object.entries(fixtureIndex().files).filter(([path]) => path.startsWith('golden/'));
  const isOwn = ([, file]) => file.startsWith(join(root, 'fixtures'));
  const add = (name, chosen) => {
    for (const [path, file] of chosen) cpSync(file, join(folder, 'fixtures', path), { dereference: true });
    if (chosen.length > 0)
      archive.add(
        name,
        chosen.map(([path]) => `fixtures/${path}`),
      );
    console.log(`  ${name}: ${chosen.length} files`);
  };
  add('goldens', goldens.filter(isOwn));
  if (!withShared) return;
  const shared = goldens.filter((golden) => !isOwn(golden));
  // Deflate's fastest level stays above what xz makes of it.
  const bytesOf = (file) => deflateRawSync(readFileSync(file), { level: 1 }).length;
  const sized = shared.map(([path, file]) => ({ path, bytes: bytesOf(file) }));
  const chosen = new Set(chooseGoldens(sized, limit - archive.bytes));
  add(
    'shared',
    shared.filter(([path]) => chosen.has(path)),
  );
}

/** Where apt-get cannot fetch them, the bundle goes without. @returns whether they are there */
function packLoader(folder) {
  const target = join(folder, 'loader');
  mkdirSync(target, { recursive: true });
  const { status, stderr, error } = spawnSync('apt-get', ['download', ...LOADER], { cwd: target, encoding: 'utf8' });
  if (status === 0) return true;
  const why = (stderr ?? error?.message ?? '').trim().split('\n').at(-1);
  console.log(`  loader: left out, apt-get download failed: ${why}`);
  rmSync(target, { recursive: true });
  return false;
}

/** Compresses parts one by one; their streams, one after the other, are one archive (unpacked with `tar -i`). */
class Archive {
  constructor(out, folder) {
    this.xz = spawnSync('xz', ['--version']).status === 0;
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

try {
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

  // The running Node, so that what runs there is what ran here.
  cpSync(process.execPath, join(folder, 'bin', 'node'));
  archive.add('node', ['bin']);
  packDawn(folder);
  archive.add('dawn', ['node_modules/webgpu']);
  packPackages(folder);
  const others = readdirSync(folder).filter((name) => name !== 'bin');
  archive.add('packages', ['--exclude=node_modules/webgpu', ...others]);
  if (values.loader && packLoader(folder)) archive.add('loader', ['loader']);
  packGoldens(folder, archive, limit, !values['no-shared']);
  const total = archive.xz ? assertSize(archive.parts, limit) : archive.bytes;
  console.log(`${archive.file}: ${megabytes(total)}`);
  console.log(`On the machine: sh benchmarks/gpu/run.sh ${archive.file} --out RESULTS`);
} catch (error) {
  console.error(`pack: ${error.message}`);
  process.exitCode = 1;
}
