/**
 * Names of temporary files, which say whose they are: a killed process leaves them behind, and whoever starts next in
 * that folder removes them, but none of a process that runs.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isRunning, type ProcessIdentity, thisProcess } from './process-identity.js';

/** Parts that are short, since names may not be long: of host and boot a few digits. */
const PATTERN = /^\.infnet-([0-9a-f]{8})-([0-9a-f]{8})-(\d+)-(\d*)-[0-9a-f]{12}\.tmp$/;

const digits = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 8);

/** A name that no other file has. */
export function temporaryName(): string {
  const { pid, host, boot, started } = thisProcess();
  return `.infnet-${digits(host)}-${digits(boot)}-${pid}-${started}-${randomBytes(6).toString('hex')}.tmp`;
}

/**
 * Removes what killed processes of this machine left in a folder. What cannot be removed stays.
 *
 * @param options.deep also in all folders below it
 * @returns paths of the files in the folder
 */
export async function removeLeftovers(
  folder: string,
  { deep = false }: { readonly deep?: boolean } = {},
): Promise<string[]> {
  const here = thisProcess();
  const names = await readdir(folder, { recursive: deep }).catch(() => []);
  const left = names.filter((name) => isLeftover(basename(name), here));
  for (const name of left) await rm(join(folder, name), { force: true }).catch(() => undefined);
  return left;
}

function isLeftover(name: string, here: ProcessIdentity): boolean {
  const [, host, boot, pid, started = ''] = PATTERN.exec(name) ?? [];
  if (pid === undefined || host !== digits(here.host)) return false;
  return boot !== digits(here.boot) || isRunning({ ...here, pid: Number(pid), started }) === false;
}
