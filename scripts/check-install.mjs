/**
 * What an embedder installs: packed tarballs in an empty project outside the repository, without a network and without
 * install scripts.
 *
 *   1. `npm i @infnet/conv` is less than 3 MB and has no machine code.
 *   2. A guest's context opens there in Node; `open()` says which package it needs.
 *   3. A bundle for browsers can be made there, and knows nothing of `@infnet/node`.
 */
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { build } from 'vite';
import { root, run } from './tools.mjs';

const MOST_BYTES = 3e6;
const MACHINE_CODE = /\.(node|so(\.\d+)*|dll|dylib|bare|exe)$/;
/** What a file or a folder takes of a disk is a multiple of this. */
const BLOCK = 4096;

/** Sizes of all that is below `folder`, as `du` counts, and machine code. */
export function measureFolder(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const bytes = files.map((file) => statSync(file).size);
  const folders = entries.length - files.length;
  return {
    files: files.length,
    bytes: bytes.reduce((sum, size) => sum + size, 0),
    onDisk: bytes.reduce((sum, size) => sum + Math.ceil(size / BLOCK) * BLOCK, folders * BLOCK),
    machineCode: files.filter((file) => MACHINE_CODE.test(file)).map((file) => relative(folder, file)),
  };
}

const GUEST = `
import { fromDevice, open } from '@infnet/core';
import { conv2dCall } from '@infnet/conv/kernels';
const device = { features: new Set(), limits: {}, lost: new Promise(() => {}) };
if (fromDevice(device).status !== 'alive') throw new Error('a guest has no context');
if (typeof conv2dCall !== 'function') throw new Error('no kernel');
const error = await open().then(() => undefined, (error) => error);
console.log(error?.code, error?.fix);
`;

/**
 * @param tarballs folder with the tarball of every public package
 * @param fail gets what is wrong
 * @returns a line that says what was measured
 */
export async function checkInstall(tarballs, fail) {
  const folder = mkdtempSync(join(tmpdir(), 'infnet-install-'));
  try {
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
    // The one package of others that it needs, from where it was installed: nothing is fetched.
    const types = join(root, 'node_modules', '@webgpu', 'types');
    const packed = await run(['npm', 'pack', '--silent', '--ignore-scripts', '--pack-destination', folder, types], {
      quiet: true,
    });
    const ours = readdirSync(tarballs).filter((name) => /^infnet-(conv|core|errors)-\d/.test(name));
    const others = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
    const files = [...ours.map((name) => join(tarballs, name)), ...others.map((name) => join(folder, name))];
    const install = ['npm', 'install', '--prefix', folder, '--offline', '--ignore-scripts', '--no-audit', '--no-fund'];
    const { code, output } = await run([...install, ...files], { cwd: folder, quiet: true });
    if (packed.code !== 0 || code !== 0) {
      fail('npm i @infnet/conv', 'fails without a network', `${packed.output}${output}`);
      return '';
    }
    const size = measureFolder(join(folder, 'node_modules'));
    if (size.onDisk >= MOST_BYTES) fail('npm i @infnet/conv', `installs ${size.onDisk} bytes, over ${MOST_BYTES}`);
    if (size.machineCode.length > 0)
      fail('npm i @infnet/conv', `installs machine code: ${size.machineCode.join(', ')}`);
    await checkGuest(folder, fail);
    await checkBundle(folder, fail);
    const megabytes = (bytes) => (bytes / 1e6).toFixed(2);
    return `npm i @infnet/conv: ${size.files} files, ${megabytes(size.bytes)} MB (${megabytes(size.onDisk)} MB on disk)`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function checkGuest(folder, fail) {
  const command = [process.execPath, '--input-type=module', '--eval', GUEST];
  const { code, output } = await run(command, { cwd: folder, quiet: true });
  if (code === 0 && /^DEVICE_NODE_NOT_INSTALLED .*npm i @infnet\/node/.test(output)) return;
  fail('npm i @infnet/conv', 'a guest, or open() without @infnet/node, does not do what it should', output);
}

async function checkBundle(folder, fail) {
  const input = join(folder, 'page.js');
  writeFileSync(input, "export * from '@infnet/core'; export * from '@infnet/conv';");
  const result = await build({
    configFile: false,
    root: folder,
    logLevel: 'error',
    build: { write: false, rollupOptions: { input, preserveEntrySignatures: 'strict' } },
  });
  const text = [result].flat().flatMap(({ output }) => output.map(({ code }) => code));
  if (text.some((code) => code?.includes('DEVICE_NODE_NOT_INSTALLED')))
    fail('bundle', 'a page downloads what only Node needs');
}
