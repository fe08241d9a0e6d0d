/**
 * A reporter for `node --test`, which runs a few files at a time: what they print, line by line (vitest-shim.mjs), and
 * one more line for a file that ended without saying why.
 */
export default async function* lines(source) {
  const told = new Set();
  for await (const { type, data } of source) {
    if (type === 'test:stdout' || type === 'test:stderr') {
      if (/^FAIL /m.test(data.message)) told.add(data.file);
      yield data.message;
    }
    if (type === 'test:fail' && !told.has(data.file)) yield `FAIL ${data.name}: ${data.details?.error?.message}\n`;
  }
}
