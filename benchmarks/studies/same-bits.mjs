/**
 * Two checkouts of this repository compute the same bits: the same small works in both, and SHA-256 of all that came
 * out. Both must be built. NEW is by default the checkout in which this file lies.
 *
 *   node benchmarks/studies/same-bits.mjs OLD [NEW] [--adapter swiftshader|llvmpipe] [--keep FOLDER]
 *
 * - nets: every net of the goldens, all maps, all gradients and the parameters after a step (same-bits/nets.mjs)
 * - commands: trainings, a propagation, and every file and document of the command line (same-bits/commands.mjs)
 *
 * What differs by its nature (times) is named in same-bits/fingerprints.mjs and left out. Prints
 * what differs; the exit code is 1 if anything does. Both checkouts work in the same folder, one after the other, so
 * that paths are the same. `--keep` leaves the files of both in FOLDER.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root } from '../../scripts/tools.mjs';
import { runCommands } from './same-bits/commands.mjs';
import { readArguments } from './tools.mjs';

const defaults = { adapter: process.env['INFNET_ADAPTER'] || 'swiftshader', keep: undefined };
const { values, positionals } = readArguments(
  import.meta.url,
  defaults,
  ({ adapter }, { length }) => (length === 1 || length === 2) && ['swiftshader', 'llvmpipe'].includes(adapter),
);
const checkouts = { old: resolve(positionals[0]), new: resolve(positionals[1] ?? root) };
const env = { ...process.env, INFNET_ADAPTER: values.adapter };
const base = values.keep === undefined ? mkdtempSync(join(tmpdir(), 'same-bits-')) : resolve(values.keep);
mkdirSync(base, { recursive: true });

const found = {};
for (const [name, checkout] of Object.entries(checkouts)) {
  const begin = performance.now();
  // One path for both: it stands in documents and reports.
  const folder = join(base, 'work');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  found[name] = new Map([...nets(checkout), ...runCommands(checkout, folder, env)]);
  rmSync(join(base, name), { recursive: true, force: true });
  renameSync(folder, join(base, name));
  const seconds = ((performance.now() - begin) / 1e3).toFixed(0);
  console.log(`${name}: ${checkout}, ${values.adapter}: ${found[name].size} fingerprints in ${seconds} s`);
}
if (values.keep === undefined) rmSync(base, { recursive: true });
process.exitCode = report(found.old, found.new) === 0 ? 0 : 1;

/** [name, SHA-256] of every tensor of the nets, from a process of the checkout's own. */
function nets(checkout) {
  const script = fileURLToPath(new URL('same-bits/nets.mjs', import.meta.url));
  const { status, stdout } = spawnSync(process.execPath, [script, checkout], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(`the nets of ${checkout} ended with ${status}`);
  return JSON.parse(stdout);
}

/** Prints what differs, by the first word of its name, and how much it is. */
function report(before, after) {
  const groups = new Map();
  for (const name of new Set([...before.keys(), ...after.keys()])) {
    const [group] = name.split(' ');
    const { all, different } = groups.get(group) ?? { all: 0, different: [] };
    if (before.get(name) !== after.get(name)) {
      const where = before.has(name) ? (after.has(name) ? '' : ' (only in the old one)') : ' (only in the new one)';
      different.push(`${name.slice(group.length + 1)}${where}`);
    }
    groups.set(group, { all: all + 1, different });
  }
  let count = 0;
  for (const [group, { all, different }] of groups) {
    count += different.length;
    if (different.length === 0) console.log(`same  ${group}: ${all}`);
    else console.log(`OTHER ${group}: ${different.length} of ${all}: ${some(different)}`);
  }
  console.log(count === 0 ? 'everything is the same' : `${count} differ`);
  return count;
}

function some(names) {
  const rest = names.length - 12;
  return `${names.slice(0, 12).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}
