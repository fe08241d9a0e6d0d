/** The parent's side of a peer: it answers, it is late, it dies, and it is not even asked when there is no time. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { NO_TIME } from '../src/peers/measure-part.js';
import { type Patience, PeerProcess } from '../src/peers/parent.js';
import { Pool } from '../src/peers/pool.js';
import type { Workload } from '../src/peers/protocol.js';

const folder = mkdtempSync(join(tmpdir(), 'infnet-peer-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Loads, says 3 for a run, dies when it has to prepare, and never releases anything. */
const program = join(folder, 'peer.mjs');
writeFileSync(
  program,
  `if (process.argv[3] === 'ort-cpu') { console.error('cannot find it'); process.exit(4); }
  process.on('message', ({ id, name }) => {
    if (name === 'load') process.send({ id, ok: true, value: { description: process.argv.slice(2).join(' '), version: '', seconds: 0 } });
    if (name === 'sample') process.send({ id, ok: true, value: 3 });
    if (name === 'ceilings') process.send({ id, ok: false, error: 'too low' });
    if (name === 'prepare') { console.error('out of\\nmemory'); process.exit(7); }
  });
  process.on('disconnect', () => process.exit());
  process.send('ready');`,
);

const patient: Patience = { seconds: () => 30 };
const chain: Workload = { kind: 'chain', length: 1 };

describe('a peer', () => {
  it('answers, refuses and dies with its own words', async () => {
    const peer = new PeerProcess(program, 'tfjs', { patience: patient });
    expect(await peer.ask('sample')).toBe(3);
    await expect(peer.ask('ceilings')).rejects.toThrow('too low');
    await expect(peer.ask('prepare', chain)).rejects.toThrow('the process ended with code 7: memory');
    expect(peer.alive).toBe(false);
    await expect(peer.ask('sample')).rejects.toThrow('code 7');
    await peer.end();
    const none = new PeerProcess(join(folder, 'none.mjs'), 'tfjs', { patience: patient });
    await expect(none.ask('load')).rejects.toThrow('the process ended with code 1');
  });

  it('is ended when it is late, with the reason for the hurry', async () => {
    const hasty: Patience = { seconds: (share) => (share < 1 ? 0.3 : 30), reason: NO_TIME };
    const peer = new PeerProcess(program, 'tfjs', { patience: hasty });
    expect(await peer.ask('sample')).toBe(3);
    const late = `${NO_TIME}: no answer to "release" within 0.3 s`;
    await expect(peer.ask('release', undefined, 0.5)).rejects.toThrow(late);
    await expect(peer.ask('sample')).rejects.toThrow(late);
    await peer.end();
  });

  it('is not asked, and not even started, when there is no time', async () => {
    let seconds = 30;
    const pool = new Pool({ program, patience: { seconds: () => seconds, reason: NO_TIME } });
    expect(await pool.asked('tfjs').sample()).toBe(3);
    expect(pool.loaded.get('tfjs')?.description).toBe('--peer-process tfjs');
    seconds = 0;
    await expect(pool.asked('tfjs').sample()).rejects.toThrow(NO_TIME);
    await expect(pool.asked('infnet').prepare(chain, 1)).rejects.toThrow(NO_TIME);
    expect([...pool.loaded.keys()]).toEqual(['tfjs']);
    await pool.end();
  });

  it('is started again for the next case, and cannot be loaded where its library is missing', async () => {
    const pool = new Pool({ program, patience: patient });
    await expect(pool.asked('tfjs').prepare(chain, 1)).rejects.toThrow('code 7');
    expect(await pool.asked('tfjs').sample()).toBe(3);
    await expect(pool.asked('ort-cpu').sample()).rejects.toThrow('the process ended with code 4: cannot find it');
    await pool.end();
  });
});
