/** `npm run bench`: where the time of Inf-Net's forward goes, kernel by kernel. */
import { measureForward } from './kernels.js';
import { formatReport } from './report.js';
import { progress, type Suite, writeResult } from './suite.js';

export const forwardSuite: Suite = async (context, options) => {
  const { size, batch, runs } = options;
  const figures = await measureForward(context, { size, batch, runs, onProgress: progress('run') });
  const { chromeTrace, table: _table, ...data } = figures;
  console.log(formatReport(figures, context.adapter.message));
  const result = { adapter: context.adapter, date: new Date().toISOString(), ...data };
  const path = await writeResult(context, options, 'forward', result);
  const tracePath = await writeResult(context, options, 'forward', chromeTrace, '.trace');
  console.log(`\nWritten: ${path} and ${tracePath} (open the trace in ui.perfetto.dev)`);
};
