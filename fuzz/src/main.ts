/**
 * `npm run fuzz`: mutated files of every format, read as infnet reads them. None may crash, take more than a second of
 * CPU time for 2 MB, or more memory than four times the file and 16 MB beyond what it declares and holds. Files that
 * did are in `fuzz/found`, as short as they could be made; the tests read them again.
 */
import { isInfnetError } from '@infnet/errors';
import { readOptions } from './options.js';
import type { Result } from './protocol.js';
import { Reader } from './reader.js';
import { Tally } from './tally.js';

/** Inputs of a format before the next one has its turn. */
const TURN = 1000;

async function main(): Promise<void> {
  const { minutes, inputs, seed, formats } = readOptions(process.argv.slice(2));
  console.log(`seed ${seed}`);
  const reader = new Reader();
  const tallies = new Map(formats.map((name) => [name, new Tally(name)]));
  // A number also where there is no limit: infinity does not get through to the child.
  let end = Math.min(Date.now() + minutes * 60_000, Number.MAX_SAFE_INTEGER);
  // Who ends the run sees what it found.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => (end = 0));
  let made = 0;
  try {
    for (let from = 0; made < inputs && Date.now() < end; from += TURN) {
      for (const [name, tally] of tallies) {
        const count = Math.min(TURN, Math.ceil(inputs / formats.length) - from, inputs - made);
        if (count <= 0 || Date.now() >= end) break;
        const results = await reader.run({ format: name, seed, from, count, until: end });
        for (const result of results) {
          tally.add(result);
          tell(result);
          made += result.inputs;
        }
      }
    }
  } finally {
    reader.close();
  }
  console.log(Tally.table([...tallies.values()]));
  if ([...tallies.values()].some(({ faults }) => faults > 0)) process.exitCode = 1;
}

function tell({ findings }: Result): void {
  for (const { format, fault, index, message, file } of findings) {
    console.log(`${format} ${fault} at input ${index}: ${message}\n  ${file}`);
  }
}

try {
  await main();
} catch (error) {
  if (!isInfnetError(error)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
