/** `infnet doctor`: what the machine offers, whether a kernel computes on it, and how to mend what is missing. */
import { conv2d } from '@infnet/conv';
import { type AdapterDescription, type Context, evaluate, open, seededRandom } from '@infnet/core';
import { type AdapterChoice, type AdapterReport, diagnose, type Finding } from '@infnet/node';
import { reasonOf } from '../errors.js';
import { EXIT, type Io, say } from '../io.js';
import { sayJson } from '../json.js';
import { version } from '../version.js';
import type { DoctorOptions } from './small.js';

/** A kernel that was run on the adapter and compared with JavaScript. */
export interface KernelCheck {
  readonly what: string;
  readonly ok: boolean;
  /** Largest difference from the values computed in JavaScript; they are at most about 5. */
  readonly maxError: number;
  /** Compilation included. */
  readonly seconds: number;
}

/** The document of `infnet doctor --json`. */
export interface DoctorReport {
  readonly command: 'doctor';
  readonly version: string;
  /** An adapter was found, and a kernel computes the right values on it. */
  readonly healthy: boolean;
  /** The adapter that commands take now; null if there is none. */
  readonly adapter: AdapterDescription | null;
  readonly limits: Readonly<Record<string, number>>;
  readonly features: readonly string[];
  readonly kernel: KernelCheck | null;
  /** In sentences, the worst first, each with a fix where something can be done. */
  readonly findings: readonly Finding[];
  /** All that was looked at: drivers, packages, environment. */
  readonly machine: AdapterReport;
}

export async function doctor({ json = false, adapter }: DoctorOptions, io: Io): Promise<number> {
  const report = await examine(adapter);
  if (json) sayJson(io, report);
  else for (const line of linesOf(report)) say(io.stdout, line);
  return report.healthy ? EXIT.ok : EXIT.setUp;
}

async function examine(choice: AdapterChoice | undefined): Promise<DoctorReport> {
  const machine = await diagnose();
  let found: Pick<DoctorReport, 'adapter' | 'limits' | 'features' | 'kernel'> = {
    adapter: null,
    limits: {},
    features: [],
    kernel: null,
  };
  const findings: Finding[] = [];
  let context: Context | undefined;
  try {
    context = await open({ adapter: choice, onMessage: () => {} });
    found = {
      adapter: context.adapter,
      limits: limitsOf(context.device),
      features: [...context.device.features].sort(),
      kernel: null,
    };
    const kernel = await checkKernel(context);
    found = { ...found, kernel };
    if (!kernel.ok) {
      const what = `${kernel.what} is wrong on this adapter: it differs by up to ${kernel.maxError} from JavaScript.`;
      findings.push({
        severity: 'problem',
        what,
        fix: 'Update the driver, or take another adapter, e.g. --adapter swiftshader; please report it.',
      });
    }
  } catch (error) {
    const { message, fix } = reasonOf(error);
    // The machine's own findings say it too where the adapter was not named here.
    if (choice !== undefined || 'message' in machine.taken) findings.push({ severity: 'problem', what: message, fix });
  } finally {
    context?.dispose();
  }
  findings.push(...machine.findings);
  const healthy = found.kernel?.ok === true;
  return { command: 'doctor', version: version(), healthy, ...found, findings, machine };
}

/** A 3x3 convolution of 8 to 12 channels on 20 x 18 pixels, by the kernel that infnet chooses here. */
async function checkKernel(context: Context): Promise<KernelCheck> {
  const [inChannels, outChannels, height, width] = [8, 12, 20, 18];
  const random = seededRandom(7);
  const values = (count: number): Float32Array => Float32Array.from({ length: count }, () => 2 * random() - 1);
  const x = values(inChannels * height * width);
  const weight = values(outChannels * inChannels * 9);
  const expected = convolve(x, weight, inChannels, outChannels, height, width);
  const begun = performance.now();
  const { output } = await evaluate(context, (inputs) => conv2d(inputs.x, inputs.weight, undefined, { padding: 1 }), {
    x: { shape: [1, inChannels, height, width], data: x },
    weight: { shape: [outChannels, inChannels, 3, 3], data: weight },
  });
  const seconds = (performance.now() - begun) / 1000;
  const maxError = expected.reduce((worst, value, i) => {
    const error = Math.abs(value - (output?.data[i] ?? Number.NaN));
    return Number.isNaN(error) ? Number.POSITIVE_INFINITY : Math.max(worst, error);
  }, 0);
  return { what: 'A 3x3 convolution', ok: maxError < 1e-4, maxError, seconds };
}

/** In float64, padding 1. */
function convolve(
  x: Float32Array,
  weight: Float32Array,
  inChannels: number,
  outChannels: number,
  height: number,
  width: number,
): Float64Array {
  const y = new Float64Array(outChannels * height * width);
  const at = (c: number, row: number, column: number): number =>
    row < 0 || row >= height || column < 0 || column >= width ? 0 : (x[(c * height + row) * width + column] as number);
  for (let i = 0; i < y.length; i++) {
    const [channel, row, column] = [Math.floor(i / (height * width)), Math.floor(i / width) % height, i % width];
    let sum = 0;
    for (let c = 0; c < inChannels; c++) {
      for (let tap = 0; tap < 9; tap++) {
        const value = at(c, row + Math.floor(tap / 3) - 1, column + (tap % 3) - 1);
        sum += value * (weight[(channel * inChannels + c) * 9 + tap] as number);
      }
    }
    y[i] = sum;
  }
  return y;
}

/** Every limit that the device names; they lie on the prototype in Dawn and in browsers. */
function limitsOf(device: GPUDevice): Record<string, number> {
  const limits = device.limits as unknown as Readonly<Record<string, unknown>>;
  const found: Record<string, number> = {};
  const names = new Set([...Object.getOwnPropertyNames(Object.getPrototypeOf(limits)), ...Object.keys(limits)]);
  for (const name of [...names].sort()) {
    const value = /^(min|max)/.test(name) ? limits[name] : undefined;
    if (typeof value === 'number') found[name] = value;
  }
  return found;
}

const MARKS = { problem: 'PROBLEM', note: 'note', ok: 'ok' } as const;

function linesOf({ healthy, adapter, limits, features, kernel, findings, machine }: DoctorReport): string[] {
  const lines = [`infnet doctor: ${machine.platform}, Node ${machine.node}`, ''];
  lines.push(`adapter   ${adapter === null ? 'none' : adapter.message.replace(/^infnet: /, '')}`);
  if (kernel !== null) {
    const verdict = kernel.ok ? 'right' : 'WRONG';
    lines.push(
      `kernel    ${kernel.what.toLowerCase()}: ${verdict}, within ${kernel.maxError.toExponential(1)} of JavaScript, ${kernel.seconds.toFixed(2)} s`,
    );
  }
  if (features.length > 0) lines.push(`features  ${features.join(', ')}`);
  const names = Object.keys(limits);
  if (names.length > 0) lines.push('limits', ...names.map((name) => `  ${name.padEnd(42)}${limits[name]}`));
  lines.push('');
  for (const { severity, what, fix } of findings) {
    lines.push(`${MARKS[severity].padEnd(8)}${what}`);
    if (fix !== undefined) lines.push(`        Fix: ${fix}`);
  }
  lines.push('', healthy ? 'healthy: infnet runs on this machine' : 'not healthy: mend the problems above');
  return lines;
}
