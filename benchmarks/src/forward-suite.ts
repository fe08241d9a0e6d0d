/** `npm run bench`: where the time of Inf-Net's forward goes, kernel by kernel. */
import { measureForward } from './kernels.js';
import { formatReport } from './report.js';
import { progress, type Suite, writeResult, writeText } from './suite.js';

export const forwardSuite: Suite = async (context, options) => {
  const figures = await measureForward(context, options, progress('run'));
  const { chromeTrace, table: _table, ...data } = figures;
  console.log(formatReport(figures, context.adapter.message));
  const path = await writeResult(context, options, 'forward', data);
  const trace = `forward-${context.adapter.kind}-${options.batch}x${options.size}.trace.json`;
  const tracePath = await writeText(options.out, trace, `${JSON.stringify(chromeTrace)}\n`);
  console.log(`\nWritten: ${path} and ${tracePath} (open the trace in ui.perfetto.dev)`);
};
