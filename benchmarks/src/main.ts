/** `npm run bench`; `--help` lists the options. One file per suite. */
import { isInfnetError, open, plainMessage } from '@infnet/core';
import { ceilingSuite } from './ceilings.js';
import { memorySuite } from './memory-suite.js';
import { type BenchOptions, readOptions, usage } from './options.js';
import { serve } from './peers/child.js';
import { peerSuite } from './peers/suite.js';
import { plannerSuite } from './planner-suite.js';
import { forwardSuite, trainingSuite } from './profile-suite.js';
import type { Suite } from './suite.js';

const SUITES: Readonly<Record<Exclude<BenchOptions['suite'], 'peers'>, Suite>> = {
  forward: forwardSuite,
  training: trainingSuite,
  memory: memorySuite,
  planner: plannerSuite,
  ceilings: ceilingSuite,
};

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options.help) return console.log(usage());
  if (options.child !== undefined) return serve(options.child);
  if (options.suite === 'peers') return peerSuite(options);
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
