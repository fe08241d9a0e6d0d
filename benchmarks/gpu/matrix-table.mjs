/** What matrix.mjs found, as lines of the table. */
import { formatTable } from './table.mjs';

/** @param {import('./matrix.d.mts').MatrixResults | undefined} found */
export function matrixLines(found) {
  const title = 'Matrix units (experimental), forward of Inf-Net at precision half';
  if (found === undefined) return [`${title}: not measured`];
  if (found.cannot !== undefined) return [`${title}: cannot; ${found.cannot}`];
  const { M, N, K } = found.matrix;
  const milliseconds = (seconds) => (1e3 * seconds).toFixed(2);
  const rows = found.cases.flatMap(({ batch, size, variants }) =>
    Object.entries(variants).map(([name, { error, wall, onMatrixUnits }]) => [
      `${batch}x3x${size}x${size}`,
      name,
      `${milliseconds(wall.median)} (${milliseconds(wall.smallest)} to ${milliseconds(wall.largest)})`,
      error.toExponential(1),
      `${onMatrixUnits}`,
    ]),
  );
  const said = new Set(found.cases.flatMap(({ variants }) => Object.values(variants).flatMap(({ said }) => said)));
  return [
    `${title}; ${M} x ${N} x ${K}. error: relative L2 from exact.`,
    ...formatTable(['images', 'plan', 'ms', 'error', 'dispatches on matrix units'], rows),
    ...[...said].map((line) => `  ${line}`),
  ];
}
