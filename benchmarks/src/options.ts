/** The options of `npm run bench`. */
import { join } from 'node:path';
import { InfnetError } from '@infnet/core';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { PRECISIONS } from './peers/cases.js';
import { PEERS } from './peers/peer-table.js';
import { ASKABLE_PARTS, type AskablePart, CHILD_OPTION, type PeerName } from './peers/protocol.js';

/** One flag each; without any it is the forward. The last two are shorthands for a part of the peers' suite. */
const SUITES = {
  training: 'a training step of Inf-Net: how much of its time the GPU works, and at what',
  memory: 'what a training step takes, by its plan; nothing runs',
  planner: 'what tracing, scheduling and preparing cost, by the number of nodes; nothing runs',
  ceilings: 'what the adapter can do at most: multiply-adds, copying',
  peers: 'infnet compared with the other libraries that are installed',
  gradients: 'every convolution of Inf-Net: forward and its two gradients (--peers --parts gradients --only infnet)',
  matrix: 'Inf-Net at half precision with and without matrix units, experimental (--peers --parts matrix)',
} as const;

type SuiteName = keyof typeof SUITES;

/** Options as they are to be used. */
export interface BenchOptions {
  readonly suite: Exclude<SuiteName, 'gradients' | 'matrix'> | 'forward';
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
  /** Default: all but `card` and `matrix`; of a quick run neither start-up nor the public shapes, which are large. */
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

type Given = Partial<Record<SuiteName, true> & Omit<BenchOptions, 'suite' | 'child'> & { peerProcess: PeerName }>;

function program(): Command {
  const command = new Command('npm run bench --')
    .helpOption(false)
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  const names = Object.keys(SUITES) as SuiteName[];
  for (const name of names) {
    const others = names.filter((other) => other !== name);
    command.addOption(new Option(`--${name}`, SUITES[name]).conflicts(others));
  }
  return command
    .description(
      "Without one of the first seven: Inf-Net's forward, kernel by kernel. INFNET_ADAPTER chooses the adapter (auto, gpu, " +
        'llvmpipe, swiftshader). benchmarks/README.md says what is measured and how.',
    )
    .option('--quick', 'small: 96 px, three runs; with --peers few cases, in under 3 minutes')
    .option('--size <pixels>', 'height and width of the images (352; --quick: 96)', positive)
    .option('--batch <n>', 'images at once (1)', positive)
    .option('--runs <n>', 'timed runs of each (5; --quick: 3)', positive)
    .option('--out <folder>', 'where the figures go (benchmarks/results)')
    .option('--only <a,b>', `with --peers: these alone, of ${PEERS.join(', ')}`, listOf(PEERS))
    .option('--parts <a,b>', `with --peers: these parts alone, of ${ASKABLE_PARTS.join(', ')}`, listOf(ASKABLE_PARTS))
    .option('--match <text>', 'with --peers: cases alone whose title contains the text')
    .option('--patience <seconds>', 'with --peers: how long an answer is waited for (900)', positive)
    .option('--seconds <seconds>', 'with --peers: what the whole run may take (no limit)', positive)
    .addOption(new Option(`--${CHILD_OPTION} <name>`).choices(PEERS).hideHelp())
    .option('--help', 'this text')
    .allowExcessArguments(false)
    .action(() => {});
}

export const usage = (): string => program().helpInformation();

/** @throws InfnetError `CLI_OPTION` */
export function readOptions(args: readonly string[]): BenchOptions {
  const { gradients, matrix, peerProcess, help = false, quick = false, ...given } = parse(args);
  const suite = (['training', 'memory', 'planner', 'ceilings'] as const).find((name) => given[name]);
  const asked = gradients || matrix || given.peers;
  return {
    size: quick ? 96 : 352,
    batch: 1,
    runs: quick ? 3 : 5,
    out: join('benchmarks', 'results'),
    ...(gradients ? { parts: ['gradients'], only: ['infnet'] } : {}),
    ...(matrix ? { parts: ['matrix'], only: PRECISIONS } : {}),
    ...given,
    suite: suite ?? (asked ? 'peers' : 'forward'),
    help,
    quick,
    ...(peerProcess === undefined ? {} : { child: peerProcess }),
  };
}

function parse(args: readonly string[]): Given {
  try {
    return program().parse(args, { from: 'user' }).opts();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    const message = error.message
      .replace(/^error: /, '')
      .replace(/\.$/, '')
      .replaceAll('\n', ' ');
    throw new InfnetError({ code: 'CLI_OPTION', message, fix: '"npm run bench -- --help" lists all options.' });
  }
}

function positive(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('It must be a positive integer.');
}

const listOf =
  <T extends string>(known: readonly T[]) =>
  (text: string): T[] =>
    text.split(',').map((item) => {
      const found = known.find((value) => value === item);
      if (found !== undefined) return found;
      throw new InvalidArgumentError(`It takes ${known.join(', ')}.`);
    });
