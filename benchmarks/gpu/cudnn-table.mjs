/** Our convolutions beside cuDNN's, pass by pass: GFLOP/s, and how many times as long as ours cuDNN takes. Pure functions. */
import { formatTable, summary } from './table.mjs';

const MODES = ['fp32', 'tf32'];
const HEAVIEST = 10;

/** Seconds of a pass by its median, or `undefined`. */
const median = (samples) => summary(samples ?? [])?.median;

/**
 * Rows of the passes: the sums over all layers that both measured, then the heaviest layers.
 *
 * @param ours the JSON of `bench --gradients`
 * @param cudnn the JSON of torch_layers.py for the same shapes
 */
export function cudnnRows(ours, cudnn) {
  const layers = [...ours.layers].sort((a, b) => b.gflop * b.count - a.gflop * a.count);
  const theirs = new Map(cudnn.layers.map((layer) => [layer.label, layer]));
  const single = layers.slice(0, HEAVIEST).flatMap((layer) => {
    const found = theirs.get(layer.label);
    if (found === undefined) return [];
    return Object.keys(layer.passes).map((pass) => {
      const seconds = Object.fromEntries(MODES.map((mode) => [mode, median(found.modes?.[mode]?.[pass])]));
      return row(
        `${layer.label}, ${layer.count} times`,
        pass,
        layer.gflop,
        ownSeconds(layer, pass),
        seconds,
        found.cannot,
      );
    });
  });
  return [...totals(layers, theirs), ...single];
}

const ownSeconds = (layer, pass) => layer.passes[pass].milliseconds.median / 1e3;

function totals(layers, theirs) {
  return ['forward', 'inputGradient', 'weightGradient'].flatMap((pass) => {
    const sums = { gflop: 0, own: 0, fp32: 0, tf32: 0, count: 0 };
    for (const layer of layers) {
      const found = theirs.get(layer.label)?.modes;
      if (layer.passes[pass] === undefined || found === undefined) continue;
      sums.count++;
      sums.gflop += layer.count * layer.gflop;
      sums.own += layer.count * ownSeconds(layer, pass);
      for (const mode of MODES) sums[mode] += layer.count * median(found[mode][pass]);
    }
    return sums.count === 0 ? [] : [row(`${sums.count} layers`, pass, sums.gflop, sums.own, sums)];
  });
}

function row(layer, pass, gflop, own, seconds, cannot) {
  const modes = MODES.map((mode) => [
    mode,
    seconds[mode] && { rate: gflop / seconds[mode], ratio: seconds[mode] / own },
  ]);
  return { layer, pass, rate: gflop / own, ...Object.fromEntries(modes), cannot };
}

/** Lines about one batch and size; one line when cuDNN could not be measured at all. */
export function cudnnTable(ours, cudnn) {
  const what = `Convolutions beside cuDNN, batch ${cudnn.batch} at ${cudnn.size}`;
  if (cudnn.cannot !== undefined) return [`${what}: cannot: ${cudnn.cannot}`];
  const by = cudnn.cudnn === null ? 'its CPU kernels: a rehearsal' : `cuDNN ${cudnn.cudnn}`;
  const header = ['layer', 'pass', 'infnet GFLOP/s', 'fp32', 'x', 'tf32', 'x'];
  const rows = cudnnRows(ours, cudnn).map(({ layer, pass, rate, cannot, fp32, tf32 }) => {
    const cells = [layer, pass, rate.toFixed(1)];
    if (cannot !== undefined) return [...cells, `cannot: ${cannot.split('\n')[0]}`];
    return [...cells, ...[fp32, tf32].flatMap((found) => [found.rate.toFixed(1), found.ratio.toFixed(2)])];
  });
  return [
    `${what}; PyTorch ${cudnn.torch} on ${cudnn.device}, ${by}`,
    'fp32, tf32: without and with TensorFloat-32. x: how many times as long as infnet; above 1 infnet is faster.',
    ...formatTable(header, rows),
    ...(cudnn.leftOut > 0 ? [`no time for ${cudnn.leftOut} lighter layers`] : []),
  ];
}
