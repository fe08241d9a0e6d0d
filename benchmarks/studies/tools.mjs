/** What the studies share: their arguments, figures, and `infnet` from the command line. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { writeFileAtomic } from '@infnet/node';
import { infnetCommand } from '../../scripts/tools.mjs';

/**
 * The arguments of a script. Where they do not suffice, the usage in its own header is printed, and the process ends.
 *
 * @param {string} script its `import.meta.url`
 * @param {Record<string, string | boolean | undefined>} defaults of its options
 * @param {(values: Record<string, string | boolean | undefined>, positionals: string[]) => boolean} suffice
 */
export function readArguments(script, defaults, suffice) {
  const options = Object.entries(defaults).map(([name, value]) => {
    return [name, { type: typeof value === 'boolean' ? 'boolean' : 'string', default: value }];
  });
  const found = parseArgs({ allowPositionals: true, options: Object.fromEntries(options) });
  if (suffice(found.values, found.positionals)) return found;
  const usage = /^ \* {3}(node [\s\S]*?)\n \*\n/m.exec(readFileSync(fileURLToPath(script), 'utf8'))?.[1];
  console.error(`usage: ${usage?.replaceAll('\n * ', '\n')}`);
  process.exit(2);
}

/** The upper one of two in the middle. */
export const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];

export const mean = (list) => list.reduce((sum, value) => sum + value, 0) / list.length;

const CORES = 2;

/** [CPU seconds per core, wall seconds] of `run`: on a software adapter all work is on these cores. */
export async function timed(run) {
  const [before, begin] = [process.cpuUsage(), performance.now()];
  await run();
  const { user, system } = process.cpuUsage(before);
  return [(user + system) / 1e6 / CORES, (performance.now() - begin) / 1e3];
}

/**
 * Runs `infnet command --name value ...`; what it says is shown, what it prints is returned. Ends the process where it
 * fails.
 */
export function infnet(command, options) {
  const { status, stdout } = spawnSync(process.execPath, infnetCommand(command, options), {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) process.exit(status ?? 1);
  return stdout;
}

export const writeText = (path, text) => writeFileAtomic(path, new TextEncoder().encode(text));

export const writeJson = (path, value) => writeText(path, `${JSON.stringify(value, null, 2)}\n`);
