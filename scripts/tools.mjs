/** What the scripts share: running the installed tools without a shell, alike on Linux, macOS and Windows. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's folder. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/** Every manifest below `packages/`, with its folder. */
export function packages() {
  return readdirSync(join(root, 'packages')).map((name) => {
    const folder = join(root, 'packages', name);
    return { name, folder, manifest: JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) };
  });
}

/** The JavaScript file behind the command `name` of an installed package (they have the same name here, mostly). */
export function tool(name, packageName = name) {
  const folder = join(root, 'node_modules', packageName);
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return join(folder, typeof bin === 'string' ? bin : bin[name]);
}

/** The file and flags of `infnet command --name value ...`, for `process.execPath`; the value `true` makes a flag. */
export function infnetCommand(command, options) {
  const flags = Object.entries(options).flatMap(([name, value]) =>
    value === true ? [`--${name}`] : [`--${name}`, `${value}`],
  );
  return [join(root, 'packages', 'cli', 'bin', 'infnet.js'), command, ...flags];
}

/** npm's own JavaScript file when we run under npm; `undefined` otherwise. */
function npmFile() {
  const file = process.env.npm_execpath;
  return file?.endsWith('.js') || file?.endsWith('.cjs') ? file : undefined;
}

/**
 * Runs a program and resolves to `{ code, output }`; never rejects for a failing program.
 *
 * @param {string[]} command The program and its arguments. A JavaScript file is run with this Node, `npm` is npm, and a
 *   binary called `node` is run as it is.
 * @param {{ cwd?: string, env?: Record<string, string>, quiet?: boolean }} [options] `quiet` collects the output
 *   instead of showing it.
 */
export function run([program, ...args], { cwd = root, env = {}, quiet = false } = {}) {
  let file = program;
  let shell = false;
  if (program === 'npm') {
    const npm = npmFile();
    if (npm !== undefined) [file, args] = [process.execPath, [npm, ...args]];
    else shell = process.platform === 'win32';
  } else if (!/(^|[\\/])node(\.exe)?$/.test(program)) {
    [file, args] = [process.execPath, [program, ...args]];
  }
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      cwd,
      shell,
      env: { ...process.env, ...env },
      stdio: ['ignore', quiet ? 'pipe' : 'inherit', quiet ? 'pipe' : 'inherit'],
    });
    let output = '';
    child.stdout?.on('data', (chunk) => (output += chunk));
    child.stderr?.on('data', (chunk) => (output += chunk));
    child.on('error', (error) => resolve({ code: 1, output: `${output}${error.message}\n` }));
    child.on('close', (code, signal) => {
      if (signal !== null) console.error(`${[file, ...args].join(' ')}: ended by ${signal}`);
      resolve({ code: code ?? 1, output });
    });
  });
}

/** `3 passed, 1 failed, 2 skipped`; skipped only when there are any. */
export function tally({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
