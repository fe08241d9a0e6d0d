/** `npm run bench [-- --gradients | --training | --memory | --peers --size 352 --batch 1 --runs 5 --out DIR --quick]`. One file per suite. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { InfnetError, isInfnetError, open } from '@infnet/core';
import { forwardSuite } from './forward-suite.js';
import { gradientSuite } from './gradients/suite.js';
import { memorySuite } from './memory-suite.js';
import { CHILD_OPTION } from './peers/parent.js';
import { PARTS, PEERS } from './peers/protocol.js';
import { trainingSuite } from './training-suite.js';

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      gradients: { type: 'boolean', default: false },
      training: { type: 'boolean', default: false },
      memory: { type: 'boolean', default: false },
      peers: { type: 'boolean', default: false },
      only: { type: 'string' },
      parts: { type: 'string', default: PARTS.join(',') },
      patience: { type: 'string' },
      [CHILD_OPTION]: { type: 'string' },
      size: { type: 'string' },
      batch: { type: 'string', default: '1' },
      runs: { type: 'string' },
      out: { type: 'string', default: join('benchmarks', 'results') },
      quick: { type: 'boolean', default: false },
    },
  });
  const child = values[CHILD_OPTION];
  if (child !== undefined) {
    const { serve } = await import('./peers/child.js');
    return serve(one('peer', child, PEERS));
  }
  const size = positive('size', values.size ?? (values.quick ? '96' : '352'));
  const runs = positive('runs', values.runs ?? (values.quick ? '3' : '5'));
  const batch = positive('batch', values.batch);
  if (values.peers) {
    const { peerSuite } = await import('./peers/suite.js');
    const peers = values.only?.split(',').map((name) => one('only', name, PEERS));
    const parts = values.parts.split(',').map((name) => one('parts', name, PARTS));
    const patience = values.patience === undefined ? undefined : positive('patience', values.patience);
    return peerSuite({ size, batch, runs, out: values.out, quick: values.quick, peers, parts, patience });
  }
  const asked = [values.gradients && gradientSuite, values.training && trainingSuite, values.memory && memorySuite];
  const suite = asked.find((each) => each !== false) ?? forwardSuite;
  const context = await open();
  try {
    await suite(context, { size, batch, runs, out: values.out });
  } finally {
    context.dispose();
  }
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InfnetError({ code: 'CLI_OPTION', message: `--${name} must be a positive integer, got "${text}"` });
}

function one<T extends string>(name: string, text: string, known: readonly T[]): T {
  const found = known.find((value) => value === text);
  if (found !== undefined) return found;
  throw new InfnetError({ code: 'CLI_OPTION', message: `--${name} takes ${known.join(', ')}, got "${text}"` });
}

main().catch((error: unknown) => {
  console.error(isInfnetError(error) ? error.message : error);
  process.exitCode = 1;
});
