/** The options of `npm run bench`, each with its line of the usage. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { InfnetError } from '@infnet/core';
import { ASKABLE_PARTS, type AskablePart, CHILD_OPTION, PEERS, type PeerName } from './peers/protocol.js';

interface Option {
  readonly type: 'boolean' | 'string';
  /** What stands for its value in the usage. */
  readonly value?: string;
  readonly help: string;
}

/** One flag each; without any it is the forward. */
const SUITES = ['gradients', 'training', 'memory', 'ceilings', 'matrix', 'peers'] as const;

const OPTIONS: Readonly<Record<string, Option>> = {
  gradients: { type: 'boolean', help: 'every convolution of Inf-Net: forward and its two gradients' },
  training: { type: 'boolean', help: 'a training step of Inf-Net: how much of its time the GPU works, and at what' },
  memory: { type: 'boolean', help: 'what a training step takes, by its plan; nothing runs' },
  ceilings: { type: 'boolean', help: 'what the adapter can do at most: multiply-adds, copying' },
  matrix: { type: 'boolean', help: 'Inf-Net at half precision with and without matrix units (experimental)' },
  peers: { type: 'boolean', help: 'infnet compared with the other libraries that are installed' },
  quick: { type: 'boolean', help: 'small: 96 px, three runs; with --peers few cases, in under 3 minutes' },
  size: { type: 'string', value: 'PIXELS', help: 'height and width of the images (352; --quick: 96)' },
  batch: { type: 'string', value: 'N', help: 'images at once (1)' },
  runs: { type: 'string', value: 'N', help: 'timed runs of each (5; --quick: 3)' },
  out: { type: 'string', value: 'FOLDER', help: 'where the figures go (benchmarks/results)' },
  only: { type: 'string', value: 'A,B', help: `with --peers: these alone, of ${PEERS.join(', ')}` },
  parts: { type: 'string', value: 'A,B', help: `with --peers: these parts alone, of ${ASKABLE_PARTS.join(', ')}` },
  match: { type: 'string', value: 'TEXT', help: 'with --peers: cases alone whose title contains the text' },
  patience: { type: 'string', value: 'SECONDS', help: 'with --peers: how long an answer is waited for (900)' },
  seconds: { type: 'string', value: 'SECONDS', help: 'with --peers: what the whole run may take (no limit)' },
  help: { type: 'boolean', help: 'this text' },
};

/** Options as they are to be used. */
export interface BenchOptions {
  readonly suite: (typeof SUITES)[number] | 'forward';
  readonly help: boolean;
  readonly quick: boolean;
  /** Height and width of the images. */
  readonly size: number;
  readonly batch: number;
  readonly runs: number;
  /** Folder of the results. */
  readonly out: string;
  /** Default: see `usualPeers`. */
  readonly only?: readonly PeerName[];
  /** Default: all but the card's; of a quick run neither start-up nor the public shapes, which are large. */
  readonly parts?: readonly AskablePart[];
  /** Cases alone whose title contains it. */
  readonly match?: string;
  /**
   * Seconds after which an answer is no longer waited for. Default 900, 90 with `seconds`; of a quick run each part has
   * its share.
   */
  readonly patience?: number;
  /**
   * Seconds of the whole run, from the start of this process to its last answer; each part and each case has its share.
   */
  readonly seconds?: number;
  /** Set where this process is to be a peer's. */
  readonly child?: PeerName;
}

export function usage(): string {
  const heads = Object.entries(OPTIONS).map(
    ([name, { value }]) => `--${name}${value === undefined ? '' : ` ${value}`}`,
  );
  const width = Math.max(...heads.map(({ length }) => length));
  const lines = Object.values(OPTIONS).map(({ help }, i) => `  ${(heads[i] as string).padEnd(width)}  ${help}`);
  return [
    'npm run bench -- [options]',
    '',
    "Without one of the first six: Inf-Net's forward, kernel by kernel. INFNET_ADAPTER chooses the adapter",
    '(auto, gpu, llvmpipe, swiftshader). benchmarks/README.md says what is measured and how.',
    '',
    ...lines,
  ].join('\n');
}

/** @throws InfnetError `CLI_OPTION` */
export function readOptions(args: readonly string[]): BenchOptions {
  const values = parse(args);
  const text = (name: string): string | undefined => values[name] as string | undefined;
  const flag = (name: string): boolean => values[name] === true;
  const number = (name: string): number | undefined => optional(text(name), (value) => positive(name, value));
  const list = <T extends string>(name: string, known: readonly T[]): readonly T[] | undefined =>
    optional(text(name), (value) => value.split(',').map((item) => one(name, item, known)));
  const quick = flag('quick');
  const suites = SUITES.filter(flag);
  if (suites.length > 1) {
    throw optionError(`${suites.map((name) => `--${name}`).join(' and ')} are one suite each`, 'Run them one by one.');
  }
  return {
    suite: suites[0] ?? 'forward',
    help: flag('help'),
    quick,
    size: number('size') ?? (quick ? 96 : 352),
    batch: number('batch') ?? 1,
    runs: number('runs') ?? (quick ? 3 : 5),
    out: text('out') ?? join('benchmarks', 'results'),
    only: list('only', PEERS),
    parts: list('parts', ASKABLE_PARTS),
    match: text('match'),
    patience: number('patience'),
    seconds: number('seconds'),
    child: optional(text(CHILD_OPTION), (name) => one(CHILD_OPTION, name, PEERS)),
  };
}

function parse(args: readonly string[]): Readonly<Record<string, unknown>> {
  const known = Object.entries(OPTIONS).map(([name, { type }]) => [name, { type }] as const);
  const options = Object.fromEntries([...known, [CHILD_OPTION, { type: 'string' as const }]]);
  try {
    return parseArgs({ args: [...args], options, allowPositionals: false }).values;
  } catch (error) {
    // Node's sentence ends where its advice about positional arguments begins.
    const [what = ''] = (error as Error).message.split(/\. |\n/);
    throw optionError(what);
  }
}

function optional<T>(text: string | undefined, read: (text: string) => T): T | undefined {
  return text === undefined ? undefined : read(text);
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw optionError(`--${name} must be a positive integer, got "${text}"`);
}

function one<T extends string>(name: string, text: string, known: readonly T[]): T {
  const found = known.find((value) => value === text);
  if (found !== undefined) return found;
  throw optionError(`--${name} takes ${known.join(', ')}, got "${text}"`);
}

function optionError(message: string, fix = '"npm run bench -- --help" lists all options.'): InfnetError {
  return new InfnetError({ code: 'CLI_OPTION', message, fix });
}
