/**
 * A peer that lives in a page of headless Chromium. This process serves the page, opens the browser and passes requests
 * on; the page computes and holds the clock, so that the way between the two is in no figure. infnet, tfjs and
 * onnxruntime-web each have a browser of their own, started alike, and meet the same adapter.
 */
import { join } from 'node:path';
import { openAdapter } from '@infnet/node';
import type { Answers } from '../answerer.js';
import { peersFolder, peerVersion } from '../installed.js';
import type { ChromiumPeerName, Loaded, Prepared, Request } from '../protocol.js';
import { type PagePrepared, resultsOf } from '../results.js';
import { bundleTfjs } from '../tfjs/bundle.js';
import { descendantBytes, type OpenedPage, openPage } from './browser.js';
import { bundlePage } from './bundle.js';
import type { PagePeer } from './page.js';
import { PAGE_MODULE, TFJS_MODULE } from './paths.js';
import { PageServer } from './server.js';

const ORT = 'onnxruntime-web';

const HTML = `<!doctype html><title>infnet benchmark</title><script type="module" src="${PAGE_MODULE}"></script>`;

export class ChromiumPeer implements Answers {
  readonly #name: ChromiumPeerName;
  #server: PageServer | undefined;
  #opened: OpenedPage | undefined;

  constructor(name: ChromiumPeerName) {
    this.#name = name;
  }

  async answer(request: Request): Promise<unknown> {
    switch (request.name) {
      case 'load':
        return this.#load(request);
      case 'prepare':
        return this.#prepare(request);
      default:
        return this.#ask(request);
    }
  }

  async close(): Promise<void> {
    this.#server?.close();
    await this.#opened?.close();
  }

  /** Opening the browser is no part of the time: a user's is open. */
  async #load(request: Request): Promise<Loaded> {
    const texts = { '/': HTML, [PAGE_MODULE]: await bundlePage(), ...this.#libraryTexts() };
    // Fails here, by name, where the library is not installed.
    if (this.#name === 'ort-chromium') peerVersion(ORT);
    this.#server = new PageServer(texts, join(peersFolder, 'node_modules', ORT, 'dist'));
    const { software } = await openAdapter();
    this.#opened = await openPage(await this.#server.listen(), !software);
    await this.#opened.page.evaluate((name) => {
      (globalThis as unknown as { peer: PagePeer }).peer.begin(name);
    }, this.#name);
    const loaded = (await this.#ask(request)) as Loaded;
    return { ...loaded, description: `${loaded.description}, in Chromium ${this.#opened.version}` };
  }

  #libraryTexts(): Readonly<Record<string, string>> {
    return this.#name === 'tfjs-chromium' ? { [TFJS_MODULE]: bundleTfjs('webgpu', 'browser') } : {};
  }

  async #prepare(request: Request): Promise<Prepared> {
    const before = await descendantBytes();
    const answer = (await this.#ask(request)) as PagePrepared;
    const after = await descendantBytes();
    const { lengths, ...figures } = answer;
    const results = resultsOf(lengths, this.#server?.results ?? new Uint8Array());
    const processBytes = before === undefined || after === undefined ? undefined : after - before;
    return { ...figures, results, processBytes };
  }

  async #ask(request: Request): Promise<unknown> {
    const page = this.#opened?.page;
    if (page === undefined) throw new Error('the browser was not opened');
    try {
      return await page.evaluate(
        (asked) => (globalThis as unknown as { peer: PagePeer }).peer.answer(asked),
        request as unknown as Request,
      );
    } catch (error) {
      // "page.evaluate: Error: what the library said", then a stack of the page.
      const text = error instanceof Error ? error.message : String(error);
      throw new Error(text.replace(/^page\.evaluate: (\w*Error: )?/, '').replace(/\n {4}at [\s\S]*$/, ''));
    }
  }
}
