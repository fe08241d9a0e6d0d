import type { MatrixResults } from './matrix.mjs';
export function matrixLines(found: MatrixResults | undefined): string[];
