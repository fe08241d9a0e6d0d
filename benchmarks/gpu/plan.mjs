/** What goes into the bundle. Pure functions; pack.mjs does the copying. */

/** Bytes of the bundle at most: what travels to a borrowed machine with the working tree around it. */
export const LIMIT = 45e6;

/** Packages whose tests show that a card computes what it should. */
const TESTED = [
  'core',
  'conv',
  'nn',
  'res2net',
  'partial-decoder',
  'reverse-attention',
  'edge-attention',
  'conv-block',
  'inf-net',
  'trainer',
];

/** What of the repository is packed as it stands. */
export const SOURCES = [
  ...['packages/*/package.json', 'packages/*/src/*', 'packages/cli/bin/*', 'scripts/*.mjs'],
  ...['benchmarks/package.json', 'benchmarks/gpu/*', 'benchmarks/python/*'],
  ...TESTED.map((name) => `packages/${name}/test/*`),
];

/** What is started there, and what the tests need beside it. */
export const RUN = [
  ...['@infnet/cli', '@infnet/benchmarks'],
  ...['vitest', 'fast-check', '@esbuild/linux-x64', '@rollup/rollup-linux-x64-gnu'],
];

/** Debian packages with the Vulkan loader and the libraries that NVIDIA's driver looks for. */
export const LOADER = ['libvulkan1', 'libegl1', 'libglvnd0', 'libopengl0', 'libgl1', 'libglx0', 'libgles2'];

/** Packed apart (webgpu), types only, or a software adapter as large as everything else together. */
const LEFT_OUT = new Set(['webgpu', '@webgpu/types', '@sparticuz/chromium', '@infnet/swiftshader']);

/** Whether a package's file, from `node_modules`, is needed at run time: no maps, types, tests or documents. */
export function isRuntimeFile(path) {
  const parts = path.split('/');
  const name = parts.at(-1) ?? '';
  if (parts.slice(0, -1).some((part) => ['node_modules', 'test', 'tests', 'docs', '.turbo'].includes(part)))
    return false;
  if (/\.(map|ts|mts|cts|tsx|md|flow)$/i.test(name)) return false;
  return (
    name === 'package.json' ||
    parts[0] === '@esbuild' ||
    /\.(js|mjs|cjs|json|wgsl|wasm|node|py)$/.test(name) ||
    /^licen[cs]e/i.test(name)
  );
}

/**
 * The packages that `names` need at run time, themselves included, each once, sorted.
 * @param {(name: string) => { dependencies?: Record<string, string> }} manifestOf
 */
export function runtimePackages(names, manifestOf) {
  const found = new Set();
  const visit = (name) => {
    if (found.has(name) || LEFT_OUT.has(name)) return;
    found.add(name);
    for (const dependency of Object.keys(manifestOf(name).dependencies ?? {})) visit(dependency);
  };
  for (const name of names) visit(name);
  return [...found].sort();
}

/** Goldens beyond the repository's own, in the order in which they are worth their bytes. */
const WANTED = [/^golden\/nets\//, /^golden\/ops\//, /^golden\/train\//, /^golden\/blocks\//];

/**
 * Chooses goldens for the room that is left. A golden goes with its sidecar or not at all, because a test wants both.
 *
 * @param {readonly { path: string, bytes: number }[]} files with their compressed sizes
 * @param {number} room in bytes
 * @returns {string[]} paths
 */
export function chooseGoldens(files, room) {
  const groups = new Map();
  for (const { path, bytes } of files) {
    const order = WANTED.findIndex((pattern) => pattern.test(path));
    if (order < 0) continue;
    const key = path.replace(/(\.trace)?\.\w+$/, '');
    const group = groups.get(key) ?? { order, bytes: 0, paths: [] };
    groups.set(key, { order, bytes: group.bytes + bytes, paths: [...group.paths, path] });
  }
  const chosen = [];
  let left = room;
  for (const group of [...groups.values()].sort((a, b) => a.order - b.order || a.bytes - b.bytes)) {
    if (group.bytes > left) continue;
    left -= group.bytes;
    chosen.push(...group.paths);
  }
  return chosen.sort();
}

/** @throws Error that names every part's size when they are too much together. */
export function assertSize(parts, limit = LIMIT) {
  const total = parts.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total <= limit) return total;
  const list = parts.map(({ name, bytes }) => `${name} ${megabytes(bytes)}`).join(', ');
  throw new Error(
    `the bundle has ${megabytes(total)}, more than the ${megabytes(limit)} that may travel: ${list}. ` +
      'Leave goldens out with --no-shared, or raise --limit where nothing but your own patience limits it.',
  );
}

export const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
