/**
 * Which process something belongs to, also after it ended: a number alone comes again. Linux says when a process was
 * started and which boot it is; elsewhere only whether there is one of that number.
 */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import process from 'node:process';

export interface ProcessIdentity {
  readonly pid: number;
  readonly host: string;
  /** Of the machine, since it was started; empty where it does not say. */
  readonly boot: string;
  /** When the process was started, in the machine's own count; empty where it does not say. */
  readonly started: string;
}

export function thisProcess(): ProcessIdentity {
  return { pid: process.pid, host: hostname(), boot: bootId(), started: startOf(process.pid) ?? '' };
}

/** Whether it runs; undefined where nobody here can tell, as it is of another machine. */
export function isRunning({ pid, host, boot, started }: ProcessIdentity): boolean | undefined {
  if (host !== hostname()) return undefined;
  if (boot !== '' && boot !== bootId()) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Others' processes may not be asked, but they are there.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  const now = startOf(pid);
  return started === '' || now === undefined || now === started;
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}

/** Undefined where the system does not say. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is a name in parentheses, which may have any character; the 22nd is the start.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
