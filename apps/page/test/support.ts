/** The built page, served as any static host would, in a headless Chromium. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readSafetensors, writeSafetensors } from '@infnet/checkpoint';
import { main } from '@infnet/cli';
import { InfNet } from '@infnet/inf-net';
import { param, roleOf } from '@infnet/testing';
import { type Browser, type BrowserContext, chromium, type Download, type Locator, type Page } from 'playwright';
import { build } from 'vite';
import { pickled, writeTensor, zipFile } from '../../../packages/checkpoint/test/support/torch-file.js';
import { chromiumFlags, ensureChromium } from '../../../scripts/chromium.mjs';

/** Milliseconds for polling what a slow machine takes long for: no test may fail because it is slow. */
export const PATIENT: number = 24 * 60 * 60 * 1000;

/** The drop zone of Segment. */
export const DROP_SLICES = '.drop:has-text("Drop slices")';

const here = fileURLToPath(new URL('..', import.meta.url));

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

/** The page under a path that is not the root, as on a project's pages of a static host. */
const BASE = '/some/folder/';
/** The same with JavaScript that its workers run before their own, by number. */
const PRELUDED = /^\/prelude-(\d+)\//;
const WORKER = /^assets\/main-[^/]*\.js$/;

export interface VisitOptions {
  readonly before?: (context: BrowserContext) => Promise<unknown>;
  /** JavaScript that every worker of the page runs before its own. There is no service worker then. */
  readonly inWorkers?: string;
}

export class BuiltPage {
  /** For files of the tests. */
  readonly folder: string;
  readonly browser: Browser;
  readonly #server: Server;
  /** The build that is served; another one may take its place. */
  out: string;
  readonly #preludes: string[] = [];

  private constructor(folder: string, browser: Browser, out: string) {
    this.folder = folder;
    this.browser = browser;
    this.out = out;
    this.#server = createServer((request, response) => {
      const type = (path: string) => ({ 'content-type': TYPES[extname(path)] ?? 'application/octet-stream' });
      this.#file(new URL(request.url ?? '/', 'http://localhost')).then(
        ({ path, bytes }) => response.writeHead(200, type(path)).end(bytes),
        () => response.writeHead(404).end(),
      );
    });
  }

  async #file({ pathname, search }: URL): Promise<{ readonly path: string; readonly bytes: Uint8Array | string }> {
    const [base = BASE, number] = PRELUDED.exec(pathname) ?? [];
    const path = pathname.startsWith(base) ? pathname.slice(base.length) || 'index.html' : '../none';
    if (number !== undefined && path === 'assets/prelude.js')
      return { path, bytes: this.#preludes[Number(number)] ?? '' };
    if (number !== undefined && search === '' && WORKER.test(path)) {
      return { path, bytes: `import './prelude.js'; import './${path.split('/').at(-1)}?own';` };
    }
    return { path, bytes: await readFile(join(this.out, path)) };
  }

  /** @param withPeers whether Compare has the other libraries, which must be installed */
  static async open({ withPeers = false }: { readonly withPeers?: boolean } = {}): Promise<BuiltPage> {
    const folder = mkdtempSync(join(tmpdir(), 'infnet-page-'));
    // INFNET_PAGE names a page that is built already, for who works on the tests.
    const ready = withPeers ? undefined : process.env['INFNET_PAGE'];
    const out = ready ?? join(folder, 'page');
    if (ready === undefined) await buildPage(out, { withPeers });
    const args = [...chromiumFlags];
    const browser = await chromium.launch({ ...(await ensureChromium()), args, timeout: 0 });
    const built = new BuiltPage(folder, browser, out);
    await new Promise<void>((resolve) => built.#server.listen(0, '127.0.0.1', resolve));
    return built;
  }

  get url(): string {
    return `${this.#origin}${BASE}`;
  }

  get #origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** A page in a profile of its own, that fails the test by what goes wrong in it unnoticed. */
  async visit(place = 'segment', { before, inWorkers }: VisitOptions = {}): Promise<Visit> {
    const viewport = { width: 1280, height: 900 };
    const serviceWorkers = inWorkers === undefined ? 'allow' : 'block';
    const context = await this.browser.newContext({ viewport, serviceWorkers });
    await before?.(context);
    const page = await context.newPage();
    // Less than that is for who works on the tests.
    page.setDefaultTimeout(Number(process.env['INFNET_PAGE_TIMEOUT'] ?? 0));
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
    const url = inWorkers === undefined ? this.url : `${this.#origin}/prelude-${this.#preludes.push(inWorkers) - 1}/`;
    await page.goto(`${url}?test#/${place}`);
    return { page, context, problems };
  }

  async close(): Promise<void> {
    await this.browser.close();
    await new Promise((resolve) => this.#server.close(resolve));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export interface BuildOptions {
  readonly withPeers?: boolean;
  /** Modules of tasks besides the built-in one. */
  readonly tasks?: string;
}

export async function buildPage(
  out: string,
  { withPeers = false, tasks = join(here, 'test/own-task.ts') }: BuildOptions = {},
): Promise<void> {
  // Whether the peers are installed must not change what is tested.
  if (withPeers) delete process.env['INFNET_NO_PEERS'];
  else process.env['INFNET_NO_PEERS'] = '1';
  process.env['INFNET_PAGE_BUILD'] = '1';
  process.env['INFNET_PAGE_TASKS'] = tasks;
  await build({ configFile: join(here, 'vite.config.ts'), logLevel: 'error', build: { outDir: out } });
}

export interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors on the console, and exceptions nobody caught. */
  readonly problems: readonly string[];
}

export const button = (page: Page, name: string): Locator => page.getByRole('button', { name, exact: true });

export async function fillNumber(page: Page, label: string, value: number): Promise<void> {
  const field = page.getByRole('spinbutton', { name: label, exact: true });
  await field.fill(String(value));
  await field.press('Tab');
}

export async function loadWeights(page: Page, bytes: Uint8Array, name = 'small.safetensors'): Promise<void> {
  await dropFiles(page, '.drop:has-text(".pth or .safetensors")', { [name]: bytes });
}

/** Notes what the progress bar says from now on. @returns what gives all of it so far */
export async function progressOf(page: Page): Promise<() => Promise<string[]>> {
  const seen = await page.evaluateHandle(() => {
    const texts: string[] = [];
    new MutationObserver(() => {
      const text = document.querySelector('.progress span')?.textContent;
      if (text !== null && text !== undefined && text !== texts.at(-1)) texts.push(text);
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
    return texts;
  });
  return () => seen.jsonValue();
}

/** Segments what is there, to the end. */
export async function segment(page: Page): Promise<void> {
  await button(page, 'Segment').click();
  // It is disabled while it segments.
  await page.locator('button:enabled', { hasText: /^Segment$/ }).waitFor();
  await page.locator('.progress').waitFor({ state: 'detached' });
}

export async function bytesOf(download: Download): Promise<Uint8Array> {
  return new Uint8Array(readFileSync(await download.path()));
}

/** What a click makes the page download. */
export async function downloaded(page: Page, click: () => Promise<void>): Promise<Uint8Array> {
  const [download] = await Promise.all([page.waitForEvent('download'), click()]);
  return bytesOf(download);
}

/** Small weights: of no use for slices, but what they give varies, and is the same every time. */
export function smallWeights(): Uint8Array {
  const spec = new InfNet({ backbone: 'res2net50', width: 0.25, channels: 8 }).stateDictSpec();
  return writeSafetensors(namedWeights(spec), { size: '32' });
}

export function namedWeights(
  spec: readonly { readonly name: string; readonly shape: readonly number[] }[],
): { readonly name: string; readonly shape: readonly number[]; readonly data: Float32Array }[] {
  const keys = new Set(spec.map(({ name }) => name));
  return spec.map(({ name, shape }) => {
    const role = roleOf(name, shape, keys);
    return { name, shape, data: role === undefined ? new Float32Array(1) : param(name, shape, role) };
  });
}

/** The same as torch.save writes them; torch would not know of the size. */
export function smallPth(): Uint8Array {
  const tensors = [...readSafetensors(smallWeights()).tensors.values()];
  const stridesOf = (shape: readonly number[]): number[] =>
    shape.map((_, i) => shape.slice(i + 1).reduce((a, b) => a * b, 1));
  const pickle = pickled((writer) =>
    writer.dict(
      tensors.map(({ name, shape, data }, i) => [
        name,
        () =>
          writeTensor(writer, {
            storage: 'FloatStorage',
            key: String(i),
            count: data.length,
            shape,
            strides: stridesOf(shape),
          }),
      ]),
    ),
  );
  const storages = tensors.map(({ data }, i) => [
    String(i),
    new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  ]);
  return zipFile(pickle, Object.fromEntries(storages));
}

/** Runs a command line in this process. */
export async function infnet(...argv: readonly string[]): Promise<string> {
  let text = '';
  const output = { write: (line: string) => (text += line) };
  const code = await main(argv, { stdout: output, stderr: output });
  if (code !== 0) throw new Error(text);
  return text;
}

/** Drops files on what a selector finds, as a person would. */
export async function dropFiles(
  page: Page,
  selector: string,
  files: Readonly<Record<string, Uint8Array>>,
): Promise<void> {
  const encoded = Object.entries(files).map(([name, bytes]) => [name, Buffer.from(bytes).toString('base64')] as const);
  const transfer = await page.evaluateHandle((named) => {
    const data = new DataTransfer();
    for (const [name, text] of named) {
      data.items.add(new File([Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))], name));
    }
    return data;
  }, encoded);
  await page.dispatchEvent(selector, 'dragover', { dataTransfer: transfer });
  await page.dispatchEvent(selector, 'drop', { dataTransfer: transfer });
}

/**
 * Drops files and folders of the disk as the system's drag and drop does: the page gets entries that it has to walk.
 */
export async function dropPaths(page: Page, selector: string, paths: readonly string[]): Promise<void> {
  const box = await page.locator(selector).boundingBox();
  if (box === null) throw new Error(`nothing to drop on: ${selector}`);
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files: [...paths], dragOperationsMask: 1 };
  const at = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await session.send('Input.dispatchDragEvent', { type, ...at, data });
  }
  await session.detach();
}

/** Bytes that JavaScript holds after a collection, with the contents of array buffers. */
export interface Heap {
  readonly page: number;
  /** Of the worker that segments, which is started first. */
  readonly worker: number;
}

interface HeapUsage {
  readonly usedSize: number;
  readonly backingStorageSize: number;
}

/**
 * Asks the DevTools protocol, since nothing else tells: `performance.memory` is not there in workers, and rounded in
 * pages. A worker is a target of its own behind that of its page.
 */
export async function heapOf(page: Page): Promise<Heap> {
  const session = await page.context().newCDPSession(page);
  const workers: string[] = [];
  session.on('Target.attachedToTarget', ({ sessionId, targetInfo }) => {
    if (targetInfo.type === 'worker') workers.push(sessionId);
  });
  await session.send('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: false, flatten: false });
  let lastId = 0;
  const askWorker = (sessionId: string, method: string): Promise<unknown> => {
    const id = ++lastId;
    return new Promise((resolve) => {
      session.on('Target.receivedMessageFromTarget', ({ message }) => {
        const answer = JSON.parse(message) as { readonly id?: number; readonly result?: unknown };
        if (answer.id === id) resolve(answer.result);
      });
      void session.send('Target.sendMessageToTarget', { sessionId, message: JSON.stringify({ id, method }) });
    });
  };
  const bytes = async (ask: (method: string) => Promise<unknown>): Promise<number> => {
    await ask('HeapProfiler.collectGarbage');
    const { usedSize, backingStorageSize } = (await ask('Runtime.getHeapUsage')) as HeapUsage;
    return usedSize + backingStorageSize;
  };
  const [first] = workers;
  if (first === undefined) throw new Error('the page has no worker');
  const worker = await bytes((method) => askWorker(first, method));
  const own = await bytes((method) => session.send(method as 'Runtime.getHeapUsage'));
  await session.detach();
  return { page: own, worker };
}
