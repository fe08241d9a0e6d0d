/** `npm run bench [-- --gradients --size 352 --batch 1 --runs 5 --out DIR --quick]`. One file per suite. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { InfnetError, isInfnetError, open } from '@infnet/core';
import { forwardSuite } from './forward-suite.js';
import { gradientSuite } from './gradients/suite.js';

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      gradients: { type: 'boolean', default: false },
      size: { type: 'string' },
      batch: { type: 'string', default: '1' },
      runs: { type: 'string' },
      out: { type: 'string', default: join('benchmarks', 'results') },
      quick: { type: 'boolean', default: false },
    },
  });
  const size = positive('size', values.size ?? (values.quick ? '96' : '352'));
  const runs = positive('runs', values.runs ?? (values.quick ? '3' : '5'));
  const batch = positive('batch', values.batch);
  const suite = values.gradients ? gradientSuite : forwardSuite;
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

main().catch((error: unknown) => {
  console.error(isInfnetError(error) ? error.message : error);
  process.exitCode = 1;
});
