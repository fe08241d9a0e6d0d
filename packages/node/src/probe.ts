/**
 * Asks one Vulkan driver for its adapters, in a process of its own.
 *
 * A process of its own because a driver can crash, because Dawn says why it refuses a driver only on stderr, and so
 * that looking leaves nothing loaded in this one.
 */
import { spawn } from 'node:child_process';
import process from 'node:process';
import type { AdapterInfo } from './adapter-kind.js';

export interface ProbedAdapter extends AdapterInfo {
  readonly shaderF16: boolean;
  readonly subgroups: boolean;
  readonly timestampQuery: boolean;
  /** Bytes. */
  readonly maxBufferSize: number;
  /** Bytes. */
  readonly maxStorageBufferBindingSize: number;
}

export interface Probe {
  readonly adapters: readonly ProbedAdapter[];
  /** What Dawn and the Vulkan loader complained about, one sentence each. */
  readonly complaints: readonly string[];
  /** Set when the process did not end well: a signal, an error, no answer in time. */
  readonly failure?: string;
}

export interface ProbeOptions {
  /** The URL of Dawn's JavaScript entry. */
  readonly dawn: string;
  /** The only driver manifest to see; undefined: what the system has. */
  readonly driverFile?: string;
  /** A folder with a Vulkan loader, for systems without one. */
  readonly loaderFolder?: string;
  readonly timeoutMs?: number;
}

const ANSWER = 'infnet-probe ';

/** Self-contained: it must run without this package being compiled or found. */
const PROGRAM = `
const [dawn, loader] = process.argv.slice(1);
if (loader) try { process.dlopen({ exports: {} }, loader + '/libvulkan.so.1', 0x1002); } catch {}
const { create } = await import(dawn);
const held = (globalThis.held = []);
const request = async (flags) => {
  const gpu = create(flags);
  held.push(gpu);
  return gpu.requestAdapter({ powerPreference: 'high-performance' });
};
const found = new Map();
const add = (adapter) => {
  if (adapter === null) return;
  const { info, features, limits } = adapter;
  const { vendor, architecture, device, description, isFallbackAdapter } = info;
  if (!found.has(device)) found.set(device, {
    vendor, architecture, device, description, isFallbackAdapter,
    shaderF16: features.has('shader-f16'),
    subgroups: features.has('subgroups'),
    timestampQuery: features.has('timestamp-query'),
    maxBufferSize: limits.maxBufferSize,
    maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
  });
};
const first = await request([]);
add(first);
if (first !== null) {
  const list = await request(['adapter=//no adapter has this name//']).then(() => '', (e) => String(e?.message ?? e));
  for (const match of list.matchAll(/^ \\* backend: '[^']*', name: '(.*)'$/gm)) {
    const flags = ['adapter=' + match[1]];
    add(await request(flags).catch(() => null));
  }
}
console.log('${ANSWER}' + JSON.stringify([...found.values()]));
`;

/** Runs the probe; never throws. */
export async function probe(options: ProbeOptions): Promise<Probe> {
  const { dawn, driverFile, loaderFolder = '', timeoutMs = 60_000 } = options;
  const env: NodeJS.ProcessEnv = { ...process.env, NODE_OPTIONS: '' };
  if (driverFile !== undefined) Object.assign(env, { VK_DRIVER_FILES: driverFile, VK_ICD_FILENAMES: driverFile });
  return await new Promise((done) => {
    const args = ['--input-type=module', '--eval', PROGRAM, '--', dawn, loaderFolder];
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: timeoutMs });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        output[name] += text;
      });
    }
    child.on('error', (error) => done({ adapters: [], complaints: [], failure: error.message }));
    child.on('close', (code, signal) => {
      const complaints = complaintsIn(output.stderr);
      const answer = output.stdout.split('\n').find((line) => line.startsWith(ANSWER));
      const adapters = answer === undefined ? [] : (JSON.parse(answer.slice(ANSWER.length)) as ProbedAdapter[]);
      if (code === 0 && answer !== undefined) done({ adapters, complaints });
      else if (signal === 'SIGTERM') done({ adapters, complaints, failure: `no answer within ${timeoutMs / 1000} s` });
      else if (signal !== null) done({ adapters, complaints, failure: `the process crashed with ${signal}` });
      else done({ adapters, complaints, failure: lastLine(output.stderr) ?? `the process ended with code ${code}` });
    });
  });
}

/** The sentences in Dawn's warnings, each once, without those that say nothing about a driver. */
export function complaintsIn(stderr: string): string[] {
  const sentences = [...stderr.matchAll(/^(?:Warning|Error): (.*)$/gm)].map((match) => (match[1] ?? '').trim());
  return [...new Set(sentences)].filter((sentence) => sentence !== '' && !sentence.includes('artificially reduced'));
}

function lastLine(text: string): string | undefined {
  return text
    .split('\n')
    .filter((line) => /Error/.test(line))
    .at(-1)
    ?.trim();
}
