/** What the tests of the command line share: a captured terminal, slices, weights that need no file of ours. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodePng, phantomSlice } from '@infnet/data';
import { InfNet, type InfNetOptions } from '@infnet/inf-net';
import { param, roleOf, type TorchTensor } from '@infnet/testing';
import { afterAll } from 'vitest';
import { type Io, main } from '../src/index.js';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line in this process. */
export async function infnet(argv: readonly string[], options: Pick<Io, 'signal'> = {}): Promise<Ran> {
  let [stdout, stderr] = ['', ''];
  const io: Io = {
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
    ...options,
  };
  const code = await main(argv, io);
  return { code, stdout, stderr };
}

const folders: string[] = [];

/** A folder that is removed after the file's tests. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'infnet-cli-'));
  folders.push(folder);
  return folder;
}

afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A net with the reference's structure and a sixteenth of its work. */
export const SMALL: InfNetOptions = { backbone: 'res2net50', width: 0.25, channels: 8 };

/** The recipe's parameters of a net, by their state-dict keys; `leaveOut` drops some. */
export function recipeWeights(
  options: InfNetOptions,
  leaveOut: (name: string) => boolean = () => false,
): Map<string, TorchTensor> {
  const spec = new InfNet(options).stateDictSpec();
  const keys = new Set(spec.map(({ name }) => name));
  const state = new Map<string, TorchTensor>();
  for (const { name, shape } of spec) {
    if (leaveOut(name)) continue;
    const role = roleOf(name, shape, keys);
    state.set(name, { shape, data: role === undefined ? new Float32Array(1) : param(name, shape, role) });
  }
  return state;
}

/** A phantom as an 8-bit PNG. */
export function phantomPng(seed: number, width: number, height: number): Uint8Array {
  return encodePng(phantomSlice(seed, { width, height }).image);
}

/** A phantom as a 16-bit PNG; the low byte is not zero. */
export function phantomPng16(seed: number, width: number, height: number): Uint8Array {
  const { data } = phantomSlice(seed, { width, height }).image;
  return encodePng({ width, height, data: Uint16Array.from(data, (v) => v * 256 + 77) });
}

export function phantomRgb(seed: number, width: number, height: number): Uint8Array {
  const { data } = phantomSlice(seed, { width, height }).image;
  return encodePng({
    width,
    height,
    channels: 3,
    data: Uint8Array.from({ length: data.length * 3 }, (_, i) => data[Math.floor(i / 3)] as number),
  });
}

export function write(folder: string, files: Readonly<Record<string, Uint8Array | string>>): string {
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
  return folder;
}

/** Every file of a folder, by name. */
export function contents(folder: string): Map<string, Buffer> {
  return new Map(
    readdirSync(folder)
      .sort()
      .map((name) => [name, readFileSync(join(folder, name))]),
  );
}
