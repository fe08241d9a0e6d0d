/** The parent's side of a peer: it answers, it is late, it dies, and it is not even asked when there is no time. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { NO_TIME } from '../src/peers/measure-part.js';
import { type Patience, PeerProcess } from '../src/peers/parent.js';
import type { Workload } from '../src/peers/protocol.js';

const folder = mkdtempSync(join(tmpdir(), 'infnet-peer-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Loads, says 3 for a run, dies when it has to prepare (as infnet it never answers), and never releases anything. */
const program = join(folder, 'peer.mjs');
writeFileSync(
  program,
  `if (process.argv[3] === 'ort-cpu') { console.error('cannot find it'); process.exit(4); }
  process.on('message', ({ name }) => {
    if (name === 'load') process.send({ ok: true, value: { description: process.argv.slice(2).join(' '), version: '', seconds: 0 } });
    if (name === 'sample') process.send({ ok: true, value: 3 });
    if (name === 'ceilings') process.send({ ok: false, error: 'too low' });
    if (name === 'prepare' && process.argv[3] !== 'infnet') { console.error('out of\\nmemory'); process.exit(7); }
  });
  process.on('disconnect', () => process.exit());`,
);

const patient: Patience = { seconds: () => 30 };
const chain: Workload = { kind: 'chain', length: 1 };

describe('a peer', () => {
  it('answers, refuses and dies with its own words, and is started again', async () => {
    const peer = new PeerProcess('tfjs', { program, patience: patient });
    expect(await peer.sample()).toBe(3);
    expect(peer.loaded?.description).toBe('--peer-process tfjs');
    await expect(peer.ceilings()).rejects.toThrow('too low');
    await expect(peer.prepare(chain, 1)).rejects.toThrow('the process ended with code 7: memory');
    await peer.release();
    expect(await peer.sample()).toBe(3);
    await peer.end();
    await peer.end();
  });

  it('cannot be loaded where its library is missing, or its program', async () => {
    const peer = new PeerProcess('ort-cpu', { program, patience: patient });
    await expect(peer.sample()).rejects.toThrow('the process ended with code 4: cannot find it');
    expect(peer.loaded).toBeUndefined();
    const none = new PeerProcess('tfjs', { program: join(folder, 'none.mjs'), patience: patient });
    await expect(none.sample()).rejects.toThrow('the process ended with code 1');
  });

  it('is ended when it is late, with the reason for the hurry, and what it says then is not heard', async () => {
    const hasty: Patience = { seconds: (share) => (share < 1 ? 0.3 : 30), reason: NO_TIME };
    const peer = new PeerProcess('infnet', { program, patience: hasty });
    expect(await peer.sample()).toBe(3);
    await expect(peer.prepare(chain, 0.5)).rejects.toThrow(`${NO_TIME}: no answer to "prepare" within 0.3 s`);
    expect(await peer.sample()).toBe(3);
    await peer.end();
  });

  it('is not asked, and not even started, when there is no time', async () => {
    let seconds = 30;
    const patience: Patience = { seconds: () => seconds, reason: NO_TIME };
    const [known, other] = [
      new PeerProcess('tfjs', { program, patience }),
      new PeerProcess('infnet', { program, patience }),
    ];
    expect(await known.sample()).toBe(3);
    seconds = 0;
    await expect(known.sample()).rejects.toThrow(NO_TIME);
    await expect(other.prepare(chain, 1)).rejects.toThrow(NO_TIME);
    expect(other.loaded).toBeUndefined();
    await known.end();
  });
});
