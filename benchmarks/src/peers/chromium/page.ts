/** The page: one peer, asked by the process beside the browser through `window.peer`. */
import { Answerer } from '../answerer.js';
import { InfnetPeer } from '../infnet.js';
import type { ChromiumPeerName, Peer, Prepared, Request } from '../protocol.js';
import type { PagePrepared } from '../results.js';
import type { Tf } from '../tfjs/api.js';
import { TfjsPeer } from '../tfjs/peer.js';
import { adapterName } from './adapter-name.js';
import { OrtWebPeer } from './ort-web.js';
import { RESULTS, TFJS_MODULE } from './paths.js';

const MAKERS: Readonly<Record<ChromiumPeerName, () => Peer>> = {
  'infnet-chromium': () => new InfnetPeer({ precision: 'fast' }),
  'tfjs-chromium': () => new TfjsPeer(loadTfjs),
  'ort-chromium': () => new OrtWebPeer(),
};

async function loadTfjs(): Promise<{ tf: Tf; adapter: string; version: string }> {
  const tf = (await import(/* @vite-ignore */ TFJS_MODULE)) as Tf;
  if (!(await tf.setBackend('webgpu'))) throw new Error('tfjs: setBackend("webgpu") gave false');
  await tf.ready();
  return { tf, adapter: await adapterName(), version: tf.version_core };
}

/** What `window.peer` offers. */
export interface PagePeer {
  begin(name: ChromiumPeerName): void;
  answer(request: Request): Promise<unknown>;
}

let answerer: Answerer | undefined;

const peer: PagePeer = {
  begin: (name) => {
    answerer = new Answerer(MAKERS[name]());
  },
  answer: async (request) => {
    const answer = await answerer?.answer(request);
    return request.name === 'prepare' ? leaveResults(answer as Prepared) : answer;
  },
};

/** Values go by a request of their own: they are too many for the browser's debugging protocol, which is text. */
async function leaveResults({ results, ...figures }: Prepared): Promise<PagePrepared> {
  const entries = Object.entries(results);
  // Copies: values may lie in the memory of a WebAssembly module, which is shared.
  const body = new Blob(entries.map(([, values]) => Float32Array.from(values)));
  const { ok, status } = await fetch(RESULTS, { method: 'POST', body });
  if (!ok) throw new Error(`the server answered ${status} to the results`);
  return { ...figures, lengths: entries.map(([name, { length }]) => [name, length] as const) };
}

Object.assign(globalThis, { peer });
