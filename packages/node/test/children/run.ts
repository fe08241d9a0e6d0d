/** Runs a child program of these tests on the TypeScript sources, and tells how it ended. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { mesaVersion } from '../../src/vulkan.js';

export interface Ending {
  /** The exit code; null when a signal ended it. */
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** A program that is put before `node`, with its arguments. */
  readonly before?: readonly string[];
  /** The user to run as. */
  readonly uid?: number;
}

const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** The command line that runs `program` with `args`. */
export function commandLine(program: string, ...args: string[]): string[] {
  const flags = ['--expose-gc', '--conditions=@infnet/source', '--import', file('typescript.mjs')];
  return [process.execPath, ...flags, file(program), ...args];
}

/** Only what a child needs of this environment: no setting of the tests' own, none of the Vulkan loader's. */
export function cleanEnvironment(): Record<string, string | undefined> {
  const { PATH, HOME, TMPDIR, XDG_CACHE_HOME } = process.env;
  return { PATH, HOME, TMPDIR, XDG_CACHE_HOME };
}

export async function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<Ending> {
  const [command = '', ...rest] = [...(options.before ?? []), ...commandLine(program, ...args)];
  return await new Promise((resolve, reject) => {
    const env = { ...cleanEnvironment(), ...options.env };
    const { uid } = options;
    const child = spawn(command, rest, { env, uid });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}

const LLVMPIPE = '/usr/share/vulkan/icd.d/lvp_icd.json';
const LIBRARIES = ['/usr/lib/x86_64-linux-gnu/libvulkan_lvp.so', '/usr/lib/aarch64-linux-gnu/libvulkan_lvp.so'];

/** Whether this machine has an llvmpipe that Dawn accepts, read without the code under test choosing it. */
export const hasLlvmpipe: boolean =
  existsSync(LLVMPIPE) && LIBRARIES.some((path) => Number.parseInt(mesaVersion(path) ?? '0', 10) >= 25);

export const hasNpmSwiftShader: boolean = process.platform === 'linux' && process.arch === 'x64';
