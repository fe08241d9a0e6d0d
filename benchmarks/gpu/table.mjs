/** Figures of the comparison: medians, spreads, ratios, and the table of them. Pure functions. */

/** Median, smallest and largest; `undefined` without samples. */
export function summary(samples) {
  if (samples.length === 0) return undefined;
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const median = (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2;
  return { median, smallest: sorted[0], largest: sorted.at(-1), runs: sorted.length };
}

/**
 * How many times as long `samples` take as `reference`: the ratio of the medians, and the smallest and largest ratio of one
 * round, in which both were measured one after the other.
 */
export function ratio(samples, reference) {
  const [top, bottom] = [summary(samples), summary(reference)];
  if (top === undefined || bottom === undefined) return undefined;
  const rounds = samples.slice(0, reference.length).map((value, i) => value / reference[i]);
  return { median: top.median / bottom.median, smallest: Math.min(...rounds), largest: Math.max(...rounds) };
}

/**
 * One row for each case and peer.
 *
 * @param results cases of compare.mjs: `{ title, flops, reference, peers: { [name]: { wall, device, error, memory, difference } } }`
 */
export function comparisonRows(results) {
  return results.flatMap(({ title, flops, reference, peers }) =>
    Object.entries(peers).map(([peer, found]) => {
      const base = peers[reference];
      const wall = summary(found.wall ?? []);
      const device = summary((found.device ?? []).filter((value) => value !== null));
      const isBase = peer === reference;
      return {
        case: title,
        peer,
        error: wall === undefined ? (found.error ?? 'not measured') : undefined,
        wall,
        device,
        // Above 1: the reference is faster.
        wallRatio: isBase || base === undefined ? undefined : ratio(found.wall ?? [], base.wall ?? []),
        deviceRatio: isBase || base === undefined ? undefined : ratio(numbers(found.device), numbers(base.device)),
        gigaflops: wall === undefined ? undefined : flops / (device ?? wall).median / 1e9,
        memory: found.memory,
        difference: found.difference,
      };
    }),
  );
}

const numbers = (values) => (values ?? []).filter((value) => value !== null);

/** Lines of the comparison's table. */
export function comparisonTable(results) {
  const header = ['case', 'peer', 'ms (range)', 'x', 'device ms', 'x', 'GFLOP/s', 'GiB', 'differs by'];
  const rows = comparisonRows(results).map((row) =>
    row.error === undefined
      ? [
          row.case,
          row.peer,
          `${milliseconds(row.wall.median)} (${milliseconds(row.wall.smallest)} to ${milliseconds(row.wall.largest)})`,
          ratioText(row.wallRatio),
          row.device === undefined ? '-' : milliseconds(row.device.median),
          ratioText(row.deviceRatio),
          row.gigaflops.toFixed(1),
          row.memory === undefined ? '-' : (row.memory / 2 ** 30).toFixed(2),
          row.difference === undefined ? '-' : row.difference.toExponential(1),
        ]
      : [row.case, row.peer, `cannot: ${row.error.split('\n')[0]}`],
  );
  return formatTable(header, rows);
}

const milliseconds = (seconds) => (1e3 * seconds).toPrecision(4);

function ratioText(value) {
  if (value === undefined) return '-';
  return `${value.median.toFixed(2)} (${value.smallest.toFixed(2)} to ${value.largest.toFixed(2)})`;
}

/** Columns padded to their widest cell; a row that is shorter than the header runs on. */
export function formatTable(header, rows) {
  const full = rows.filter((row) => row.length === header.length);
  const widths = header.map((cell, i) => Math.max(cell.length, ...full.map((row) => row[i].length)));
  const line = (row) => row.map((cell, i) => (i < row.length - 1 ? cell.padEnd(widths[i]) : cell)).join('  ');
  return [line(header), ...rows.map(line)];
}

/**
 * Lines about the layers: the sums of each pass, and the ten heaviest layers, in GFLOP/s and as a share of the peak.
 *
 * @param layers the JSON of `bench --gradients`
 * @param peak FLOP/s of float32 multiply-adds
 */
export function layerTable(layers, peak) {
  const share = (gflops) => (peak > 0 ? `${((100 * gflops * 1e9) / peak).toFixed(1)} %` : '-');
  const totals = Object.entries(layers.totals).map(([pass, { gflopsPerSecond }]) => [
    `all layers, ${pass}`,
    gflopsPerSecond.toFixed(1),
    share(gflopsPerSecond),
  ]);
  const heaviest = [...layers.layers].sort((a, b) => b.gflop * b.count - a.gflop * a.count).slice(0, 10);
  const rows = heaviest.map(({ label, count, passes }) => [
    `${label}, ${count} times`,
    ...forwardCells(passes.forward, share),
  ]);
  return formatTable(['layer', 'GFLOP/s', 'of peak'], [...totals, ...rows]);
}

const forwardCells = ({ gflopsPerSecond }, share) => [gflopsPerSecond.toFixed(1), share(gflopsPerSecond)];

/** Counts of the log that reporter.mjs writes; it may have been cut off. */
export function readTally(log) {
  const count = (word) => log.match(new RegExp(`^${word} `, 'gm'))?.length ?? 0;
  return { passed: count('pass'), failed: count('FAIL'), skipped: count('skip') };
}
