/**
 * A reporter for `node --test` whose log still counts when the run is ended half-way: one line for each test, as it
 * ends.
 */
export default async function* lines(source) {
  // The test file's name, which its outermost suite has; node:test itself names the bundled chunk.
  let outermost = '';
  for await (const { type, data } of source) {
    if (type === 'test:start' && data.nesting === 0) outermost = `${data.name}: `;
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    const { skip, nesting, details } = data;
    // One line, whatever the title prints of its row.
    const name = data.name.replaceAll(/\s+/g, ' ');
    const isSuite = details?.type === 'suite';
    // A suite fails when a hook does, or a test in it; only the first is news.
    const cause = details?.error?.cause ?? details?.error;
    if (isSuite && (type === 'test:pass' || details?.error?.failureType !== 'hookFailed')) continue;
    const where = nesting === 0 ? '' : outermost;
    if (type === 'test:fail')
      yield `FAIL ${where}${name}\n${indent(String(cause?.stack ?? cause?.message ?? cause))}\n`;
    else yield `${skip ? 'skip' : 'pass'} ${where}${name}\n`;
  }
}

const indent = (text) => text.replace(/^/gm, '    ');
