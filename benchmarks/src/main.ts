/** `npm run bench [-- --size 352 --batch 1 --runs 5 --out DIR --quick]`: the first per-kernel figures. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Context, InfnetError, isInfnetError, open } from '@infnet/core';
import { writeFileAtomic } from '@infnet/node';
import { type ForwardFigures, measureForward } from './kernels.js';
import { formatReport } from './report.js';

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      size: { type: 'string', default: '352' },
      batch: { type: 'string', default: '1' },
      runs: { type: 'string', default: '5' },
      out: { type: 'string', default: join('benchmarks', 'results') },
      quick: { type: 'boolean', default: false },
    },
  });
  const size = values.quick ? 96 : positive('size', values.size);
  const runs = values.quick ? 3 : positive('runs', values.runs);
  const batch = positive('batch', values.batch);
  const context = await open();
  try {
    const onProgress = (done: number, total: number): void => {
      process.stderr.write(`\rrun ${done} of ${total}${done === total ? '\n' : ''}`);
    };
    await report(context, await measureForward(context, { size, batch, runs, onProgress }), values.out);
  } finally {
    context.dispose();
  }
}

async function report(context: Context, figures: ForwardFigures, folder: string): Promise<void> {
  const { chromeTrace, table: _table, ...data } = figures;
  console.log(formatReport(figures, context.adapter.message));
  const stem = join(folder, `forward-${context.adapter.kind}-${figures.batch}x${figures.size}`);
  await mkdir(folder, { recursive: true });
  await writeJson(`${stem}.json`, { adapter: context.adapter, date: new Date().toISOString(), ...data });
  await writeJson(`${stem}.trace.json`, chromeTrace);
  console.log(`\nWritten: ${stem}.json and .trace.json (open the trace in ui.perfetto.dev)`);
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InfnetError({ code: 'CLI_OPTION', message: `--${name} must be a positive integer, got "${text}"` });
}

function writeJson(path: string, value: unknown): Promise<void> {
  return writeFileAtomic(path, new TextEncoder().encode(`${JSON.stringify(value, null, 1)}\n`));
}

main().catch((error: unknown) => {
  console.error(isInfnetError(error) ? error.message : error);
  process.exitCode = 1;
});
