/** `npm run bench`; `--help` lists the options. One file per suite. */
import { isInfnetError, open } from '@infnet/core';
import { plainMessage } from '@infnet/errors';
import { ceilingSuite } from './ceilings.js';
import { forwardSuite } from './forward-suite.js';
import { gradientSuite } from './gradients/suite.js';
import { matrixSuite } from './matrix.js';
import { memorySuite } from './memory-suite.js';
import { type BenchOptions, readOptions, usage } from './options.js';
import type { Suite } from './suite.js';
import { trainingSuite } from './training-suite.js';

const SUITES: Readonly<Record<Exclude<BenchOptions['suite'], 'peers'>, Suite>> = {
  forward: forwardSuite,
  gradients: gradientSuite,
  training: trainingSuite,
  memory: memorySuite,
  ceilings: ceilingSuite,
  matrix: matrixSuite,
};

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    console.log(usage());
    return;
  }
  if (options.child !== undefined) {
    const { serve } = await import('./peers/child.js');
    return serve(options.child);
  }
  if (options.suite === 'peers') {
    const { peerSuite } = await import('./peers/suite.js');
    return peerSuite(options);
  }
  const context = await open();
  try {
    await SUITES[options.suite](context, options);
  } finally {
    context.dispose();
  }
}

main().catch((error: unknown) => {
  if (isInfnetError(error, 'CLI_OPTION')) console.error(`bench: ${plainMessage(error)}. ${error.fix}`);
  else console.error(isInfnetError(error) ? error.message : error);
  process.exitCode = 1;
});
