/** Bytes for people: MiB, or bytes where figures that differ would look the same. */
export function sizes(...bytes: readonly number[]): string[] {
  const short = bytes.map(mebibytes);
  return new Set(short).size === new Set(bytes).size ? short : bytes.map((value) => `${value} bytes`);
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
