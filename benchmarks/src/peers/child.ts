/** The process of one peer: answers the parent's requests, one at a time. */
import { readFileSync } from 'node:fs';
import { parseTuning } from '@infnet/core/tune';
import { Answerer, type Answers } from './answerer.js';
import type { ChromiumPeerName, Peer, PeerName, Reply, Request } from './protocol.js';

type Maker = () => Promise<Answers>;

const inProcess =
  (make: () => Promise<Peer>): Maker =>
  async () =>
    new Answerer(await make(), () => process.memoryUsage.rss());

const inChromium =
  (name: ChromiumPeerName): Maker =>
  async () =>
    new (await import('./chromium/peer.js')).ChromiumPeer(name);

/** Loaded when it is this process's turn to be that peer. */
const MAKERS: Readonly<Record<PeerName, Maker>> = {
  infnet: inProcess(async () => new (await import('./infnet.js')).InfnetPeer('fast')),
  'infnet-exact': inProcess(async () => new (await import('./infnet.js')).InfnetPeer('exact')),
  'infnet-tuned': inProcess(async () => new (await import('./infnet.js')).InfnetPeer('fast', readTuning)),
  'ort-webgpu': inProcess(async () => new (await import('./ort/node.js')).OrtNodePeer('webgpu')),
  'ort-cpu': inProcess(async () => new (await import('./ort/node.js')).OrtNodePeer('cpu')),
  tfjs: inProcess(async () => {
    const [{ TfjsPeer }, { loadTfjs }] = await Promise.all([import('./tfjs/peer.js'), import('./tfjs/load.js')]);
    return new TfjsPeer(loadTfjs);
  }),
  'infnet-chromium': inChromium('infnet-chromium'),
  'tfjs-chromium': inChromium('tfjs-chromium'),
  'ort-chromium': inChromium('ort-chromium'),
  'torch-cpu': inProcess(async () => new (await import('./torch/peer.js')).TorchPeer('cpu')),
  'torch-fp32': inProcess(async () => new (await import('./torch/peer.js')).TorchPeer('cuda-fp32')),
  'torch-cuda': inProcess(async () => new (await import('./torch/peer.js')).TorchPeer('cuda')),
  'torch-compile': inProcess(async () => new (await import('./torch/peer.js')).TorchPeer('cuda-compile')),
  cudnn: inProcess(async () => new (await import('./torch/peer.js')).TorchPeer('cudnn')),
  'cudnn-tf32': inProcess(async () => new (await import('./torch/peer.js')).TorchPeer('cudnn-tf32')),
};

/** The choices of the table that INFNET_TUNING names. */
function readTuning(): Readonly<Record<string, string>> {
  const file = process.env['INFNET_TUNING'];
  if (file === undefined) throw new Error('INFNET_TUNING names no table; make one with: infnet tune --out FILE');
  return parseTuning(readFileSync(file, 'utf8'), file).choices;
}

/** Serves until the parent goes. */
export async function serve(name: PeerName): Promise<void> {
  const answers = await MAKERS[name]();
  process.on('message', (request: Request) => {
    const reply = (answer: Reply): void => void process.send?.(answer);
    answers.answer(request).then(
      (value) => reply({ id: request.id, ok: true, value }),
      (error: unknown) => reply({ id: request.id, ok: false, error: messageOf(error) }),
    );
  });
  process.on('disconnect', () => process.exit());
  process.send?.('ready');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
