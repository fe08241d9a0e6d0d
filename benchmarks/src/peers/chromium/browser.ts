/** A headless Chromium of our own with one page, and what it takes of memory. */
import { readdir, readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright';
import type * as ChromiumScript from '../../../../scripts/chromium.mjs';
import { importScript } from './scripts.js';

/** Chromium ends its GPU process when a kernel runs longer than it likes, which on a CPU is no sign of a fault. */
const PATIENT = '--disable-gpu-watchdog';

/** Instead of the software adapter: what Chromium needs to give a headless page a real GPU on Linux. */
const ON_GPU = ['--use-angle=vulkan', '--enable-features=Vulkan', '--disable-vulkan-surface'];

/** Flags of the browser, on the software adapter it brings along or on a GPU. */
export function browserFlags(usual: readonly string[], onGpu: boolean): string[] {
  const kept = onGpu ? usual.filter((flag) => !flag.startsWith('--use-webgpu-adapter=')) : usual;
  return [...kept, PATIENT, ...(onGpu ? ON_GPU : [])];
}

export interface OpenedPage {
  readonly page: Page;
  readonly version: string;
  /** Ends the browser. */
  close(): Promise<void>;
}

/** Opens the page at `url`. */
export async function openPage(url: string, onGpu: boolean): Promise<OpenedPage> {
  const { chromium } = await import('playwright');
  const { chromiumFlags, ensureChromium } = await importScript<typeof ChromiumScript>('chromium.mjs');
  const browser: Browser = await chromium.launch({
    ...(await ensureChromium()),
    args: browserFlags(chromiumFlags, onGpu),
    headless: true,
  });
  const page = await browser.newPage();
  await page.goto(url);
  return { page, version: browser.version(), close: () => browser.close() };
}

/**
 * Resident bytes of all processes below this one, the browser's, or `undefined` where there is no /proc. What they
 * share counts in each; growth is what is shown of it.
 */
export async function descendantBytes(root: number = process.pid): Promise<number | undefined> {
  const names = await readdir('/proc').catch(() => []);
  const parents = new Map<number, number>();
  for (const name of names.filter((entry) => /^\d+$/.test(entry))) {
    const line = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
    // The name of a program stands in brackets and may hold spaces.
    const parent = line.slice(line.lastIndexOf(')') + 2).split(' ')[1];
    if (parent !== undefined) parents.set(Number(name), Number(parent));
  }
  if (parents.size === 0) return undefined;
  const isBelow = (pid: number): boolean => {
    const parent = parents.get(pid);
    return parent === root || (parent !== undefined && parent !== 0 && isBelow(parent));
  };
  let bytes = 0;
  for (const pid of [...parents.keys()].filter(isBelow)) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    bytes += 1024 * Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0);
  }
  return bytes;
}
