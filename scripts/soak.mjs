/**
 * A training that is killed, loses its devices, finds no room on its disk and no reader of its streams, again and
 * again: every time it must end with the bits of one that was left alone.
 *
 *     npm run build
 *     node scripts/soak.mjs --minutes 30 --kills 300 --losses 100 --disks 20 --streams 20 --seed 1 --out soak.json
 *
 * What happens when is drawn from the seed, and counted in events (lines that are told, files that are written, calls
 * of WebGPU), not in seconds: a slow machine is hit at the same moments. It stops when all is done or the time is up,
 * and prints a table; the exit code is 1 where anything was lost. `--only 'disk|streams'` takes some kinds of harm.
 * Full disks need Linux and the right to mount.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { closedStreams, fullDisk, killed, lostDevices } from './soak/cases.mjs';
import { METHODS, makeSets, undisturbed } from './soak/runs.mjs';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    kills: { type: 'string', default: '20' },
    losses: { type: 'string', default: '10' },
    disks: { type: 'string', default: '2' },
    streams: { type: 'string', default: '2' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    out: { type: 'string' },
  },
});
const count = (name) => Number(values[name]);
const until = Date.now() + count('minutes') * 60_000;

/** mulberry32 */
function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = seeded(count('seed'));
const folder = mkdtempSync(join(tmpdir(), 'infnet-soak-'));
const sets = makeSets(folder);
const canCover = process.platform === 'linux' && spawnSync('unshare', ['--mount', 'true']).status === 0;

/** Kinds of harm: how often each shall be tried, and what tries it; it says how often it hit and what was lost. */
const kinds = [
  ['SIGKILL of train', Math.ceil(count('kills') * 0.8), (run, most) => killed(run, 'train', most)],
  ['SIGKILL of train --semi', Math.floor(count('kills') * 0.2), (run, most) => killed(run, 'semi', most)],
  ['device lost before the first state', Math.ceil(count('losses') * 0.2), (run) => lostDevices(run, 'early')],
  ['device lost at a random point', Math.floor(count('losses') * 0.8), (run) => lostDevices(run, 'any')],
  ['full disk', canCover ? count('disks') : 0, fullDisk],
  ['closed streams', count('streams'), closedStreams],
]
  .filter(([name]) => new RegExp(values.only).test(name))
  .map(([name, wanted, attempt]) => ({ name, wanted, attempt, hits: 0, runs: 0, lost: 0, problems: [] }));

const whole = {};
for (const method of Object.keys(METHODS)) {
  const isAsked = method === 'train' || kinds.some(({ name }) => name.includes(method));
  if (isAsked) whole[method] = await undisturbed(folder, sets, method);
}

for (let round = 0; Date.now() < until; round++) {
  // The kind that is least done comes next.
  const open = kinds.filter(({ hits, wanted }) => hits < wanted);
  if (open.length === 0) break;
  const kind = open.reduce((least, one) => (one.hits / one.wanted < least.hits / least.wanted ? one : least));
  const out = join(folder, `run-${round}`);
  const { hits, problem } = await kind.attempt({ folder, out, sets, whole, random, until }, kind.wanted - kind.hits);
  kind.hits += hits;
  kind.runs++;
  if (problem !== undefined) {
    kind.lost++;
    kind.problems.push(problem);
    console.error(`${kind.name}: ${problem} (kept: ${out})`);
  } else rmSync(out, { recursive: true, force: true });
  if (values.out !== undefined) writeFileSync(values.out, `${JSON.stringify(kinds, undefined, 2)}\n`);
  console.error(kinds.map(({ name, hits, wanted, lost }) => `${name} ${hits}/${wanted}, lost ${lost}`).join('; '));
}

console.log('| what happened | times | runs that went through it | other bits, or no end |');
console.log('|---|---|---|---|');
for (const { name, hits, runs, lost } of kinds) console.log(`| ${name} | ${hits} | ${runs} | ${lost} |`);
if (kinds.every(({ lost }) => lost === 0)) rmSync(folder, { recursive: true, force: true });
process.exitCode = kinds.some(({ lost }) => lost > 0) ? 1 : 0;
