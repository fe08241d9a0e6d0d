/** Everything that the page loads, from this machine's disk or memory, and the place where it leaves results. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, extname, join } from 'node:path';
import { ORT_FOLDER, RESULTS } from './paths.js';

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
  '.html': 'text/html; charset=utf-8',
};

/** An isolated page has clocks of five microseconds instead of a hundred, and memory that threads share. */
const HEADERS = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };

export class PageServer {
  readonly #server: Server;
  readonly #texts: Readonly<Record<string, string>>;
  readonly #ortFolder: string | undefined;
  #results: Uint8Array = new Uint8Array();

  /** `texts`: files by address. `ortFolder`: onnxruntime-web's `dist`, where it is installed. */
  constructor(texts: Readonly<Record<string, string>>, ortFolder?: string) {
    this.#texts = texts;
    this.#ortFolder = ortFolder;
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => {
        response.writeHead(500).end(String(error));
      });
    });
  }

  /** Begins to serve on this machine alone, at a port that was free. Returns the address. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, '127.0.0.1', resolve);
    });
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  /** What the page left last. */
  get results(): Uint8Array {
    return this.#results;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', 'http://127.0.0.1').pathname;
    if (request.method === 'POST' && path === RESULTS) {
      this.#results = await bodyOf(request);
      response.writeHead(204).end();
      return;
    }
    const headers = { ...HEADERS, 'content-type': TYPES[extname(path)] ?? 'text/html; charset=utf-8' };
    const text = Object.hasOwn(this.#texts, path) ? this.#texts[path] : undefined;
    if (text !== undefined) {
      response.writeHead(200, headers).end(text);
      return;
    }
    const file = await this.#fileOf(path);
    if (file === undefined) response.writeHead(404).end();
    else createReadStream(file).pipe(response.writeHead(200, headers));
  }

  async #fileOf(path: string): Promise<string | undefined> {
    if (this.#ortFolder === undefined || !path.startsWith(ORT_FOLDER)) return undefined;
    const file = join(this.#ortFolder, basename(path));
    return (await stat(file).catch(() => undefined))?.isFile() ? file : undefined;
  }
}

async function bodyOf(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}
