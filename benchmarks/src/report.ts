import type { ForwardFigures, KernelFigure } from './kernels.js';
import { formatTable } from './table.js';

/** The figures as text for a terminal. */
export function formatReport(figures: ForwardFigures, adapter: string): string {
  const { size, batch, runSeconds: run } = figures;
  const range = `${run.smallest.toFixed(3)} to ${run.largest.toFixed(3)}`;
  return [
    `Inf-Net forward, ${batch}x3x${size}x${size}, on ${adapter}`,
    `  first result ${figures.firstResultSeconds.toFixed(2)} s (pipelines compiled), then median ${run.median.toFixed(3)} s of ${run.runs} runs (${range})`,
    `  ${figures.gflop.toFixed(2)} GFLOP in ${figures.dispatches} dispatches and ${figures.submits} submits: ${(figures.gflop / run.median).toFixed(2)} GFLOP/s; ${(figures.memoryBytes / 2 ** 20).toFixed(1)} MiB`,
    '',
    'By kernel',
    ...rows(figures.byKernel),
    '',
    'The 15 slowest kernel and shape pairs',
    ...rows(figures.kernels.slice(0, 15)),
    '',
    'By module (one run)',
    figures.table,
  ].join('\n');
}

function rows(kernels: readonly KernelFigure[]): string[] {
  const header = ['kernel', 'calls', 'ms', 'GFLOP/s', 'GB/s', 'operands'];
  const body = kernels.map((figure) => [
    figure.kernel,
    String(figure.calls),
    figure.milliseconds.median.toFixed(2),
    figure.gflopsPerSecond.toFixed(2),
    figure.gigabytesPerSecond.toFixed(2),
    figure.shape,
  ]);
  return formatTable(header, body, [5]);
}
