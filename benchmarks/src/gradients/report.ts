import { formatTable } from '../table.js';
import { type LayerFigures, type LayerSamples, layerFigures, type TotalFigure, totals } from './figures.js';
import { PASSES, type PassName } from './passes.js';

const TITLES: Readonly<Record<PassName, string>> = {
  forward: 'forward',
  inputGradient: 'input gradient',
  weightGradient: 'weight gradient',
};

/** The figures as text for a terminal. */
export function formatGradients(samples: readonly LayerSamples[], shape: string, adapter: string): string {
  const runs = samples[0]?.seconds.forward?.length ?? 0;
  const convolutions = samples.reduce((sum, { count }) => sum + count, 0);
  const total = totals(samples);
  return [
    `Convolutions of Inf-Net at ${shape}, on ${adapter}`,
    `  ${samples.length} distinct layers of ${convolutions}; every result checked; medians of ${runs} alternating rounds`,
    '  GFLOP/s (2 FLOP per multiply-add of the direct convolution), and its share of the forward',
    '',
    ...formatTable(
      ['layer', 'count', 'GFLOP', 'forward ms', 'GFLOP/s', 'dX ms', 'GFLOP/s', 'share', 'dW ms', 'GFLOP/s', 'share'],
      samples.map((layer) => row(layerFigures(layer))),
    ),
    '',
    'All layers, each as often as it occurs: sum of FLOPs by sum of median times',
    ...formatTable(
      ['pass', 'GFLOP', 's', 'GFLOP/s', 'share', 'share by round'],
      PASSES.map((name) => totalRow(name, total[name])),
    ),
    '  The first layer has no input gradient: an image needs none.',
  ].join('\n');
}

function row({ label, count, gflop, passes }: LayerFigures): string[] {
  const cells = [label, String(count), gflop.toFixed(3)];
  for (const name of PASSES) {
    const figure = passes[name];
    cells.push(figure?.milliseconds.median.toFixed(2) ?? '-', figure?.gflopsPerSecond.toFixed(2) ?? '-');
    if (name !== 'forward') cells.push(figure === undefined ? '-' : percent(figure.ofForward));
  }
  return cells;
}

function totalRow(name: PassName, figure: TotalFigure): string[] {
  const { gflop, seconds, gflopsPerSecond, ofForward, ofForwardByRound: spread } = figure;
  const range = `${percent(spread.median)} (${percent(spread.smallest)} to ${percent(spread.largest)})`;
  return [
    TITLES[name],
    gflop.toFixed(2),
    seconds.toFixed(3),
    gflopsPerSecond.toFixed(2),
    percent(ofForward),
    name === 'forward' ? '' : range,
  ];
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}
