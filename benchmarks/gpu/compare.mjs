/**
 * Inf-Net by infnet and by PyTorch on the same card, in turns.
 *
 *   node compare.mjs --seconds 200 --size 352 --out DIR [--rounds 15] [--python python3]
 *
 * Writes compare.json after every case, so that what was measured is there when time runs out. Cases: forward at batch 1 and 8,
 * training step at batch 8 and 24; then each again beside torch.compile, which needs long to compile and comes last for that.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Peer } from './peer.mjs';
import { comparisonTable } from './table.mjs';

/** Multiply-adds of Inf-Net's convolutions for one image of 352 x 352: fixtures/golden's README, section 6. */
const MACS_352 = 13.843e9;
const REFERENCE = 'infnet';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const isTorch = (variant) => variant.startsWith('torch');

export function makeCases({ size, quick, tuned }) {
  const eager = ['torch-fp32', 'torch-tf32'];
  const forward = (batch) => ({ kind: 'forward', batch, size });
  const step = (batch) => ({ kind: 'step', batch, size });
  const [small, large] = quick ? [1, 2] : [8, 24];
  const main = [
    [forward(1), [REFERENCE, 'infnet-exact', ...(tuned ? ['infnet-tuned'] : []), ...eager]],
    [forward(quick ? 2 : 8), [REFERENCE, 'infnet-exact', ...eager]],
    [step(small), [REFERENCE, ...eager]],
    [step(large), [REFERENCE, ...eager]],
  ];
  const compiled = main.map(([workload]) => [workload, [REFERENCE, 'torch-compile']]);
  return [...main, ...compiled].map(([workload, variants]) => {
    const what = workload.kind === 'step' ? 'training step' : 'forward';
    return { title: `${what} ${workload.batch}x3x${size}x${size}`, workload, variants, flops: flopsOf(workload) };
  });
}

/** Of a training step three times the forward: two gradients cost what one forward does each. */
function flopsOf({ kind, batch, size }) {
  return (kind === 'step' ? 3 : 1) * 2 * MACS_352 * batch * (size / 352) ** 2;
}

class Comparison {
  constructor({ seconds, rounds, python, log }) {
    this.deadline = performance.now() + seconds * 1e3;
    Object.assign(this, { rounds, python, log, peers: new Map(), loaded: {} });
  }

  /** Seconds until the end; what is asked of a peer may take no longer. */
  get left() {
    return Math.max(0.1, (this.deadline - performance.now()) / 1e3);
  }

  /** `share`: seconds for preparing and measuring; a peer that is slow to prepare takes from the rounds of all. */
  async run(item, share) {
    const end = performance.now() + 1e3 * share;
    const peers = Object.fromEntries(item.variants.map((variant) => [variant, { wall: [], device: [] }]));
    const ready = [];
    for (const variant of item.variants) {
      try {
        const answer = await this.#ask(variant, 'prepare', { variant, workload: item.workload });
        const { results, ...figures } = answer;
        Object.assign(peers[variant], { memory: figures.memory, first: figures.first, results });
        ready.push(variant);
      } catch (error) {
        peers[variant].error = error.message;
      }
    }
    await this.#measure(peers, ready, end);
    compareResults(peers);
    await this.#releaseAll();
    return { title: item.title, workload: item.workload, flops: item.flops, reference: REFERENCE, peers };
  }

  /** Rounds: every peer once, so that what disturbs one disturbs all. Then the device's own time. */
  async #measure(peers, ready, end) {
    for (let round = -1; round < this.rounds && (round < 1 || performance.now() < end) && this.left > 1; round++) {
      for (const variant of ready) {
        await this.#note(peers[variant], variant, 'sample', round >= 0);
        // One look at the device's own time in three rounds: it costs several runs.
        if (round % 3 === 0) await this.#note(peers[variant], variant, 'device', true);
      }
    }
  }

  async #note(found, variant, op, keep) {
    if (found.error !== undefined) return;
    try {
      const answer = await this.#ask(variant, op, { variant });
      if (keep) found[op === 'sample' ? 'wall' : 'device'].push(answer[op === 'sample' ? 'wall' : 'device']);
    } catch (error) {
      found.error = error.message;
    }
  }

  async #ask(variant, op, request) {
    const peer = await this.#peer(variant);
    return peer.ask(op, request, Math.min(this.left, op === 'prepare' ? 90 : 30));
  }

  async #peer(variant) {
    const name = variant === 'torch-compile' ? variant : isTorch(variant) ? 'torch' : 'infnet';
    const known = this.peers.get(name);
    if (known !== undefined && known.ended === undefined) return known;
    const command = isTorch(variant)
      ? [this.python, '-u', here('./torch_peer.py')]
      : [process.execPath, here('./ours.mjs')];
    const peer = new Peer(command, { onLog: this.log });
    this.peers.set(name, peer);
    this.loaded[name] = (await peer.ask('load', {}, Math.min(this.left, 60))).description;
    return peer;
  }

  async #releaseAll() {
    for (const peer of this.peers.values())
      if (peer.ended === undefined) await peer.ask('release', {}, 5).catch(() => {});
  }

  async ceilings() {
    return (await this.#peer('torch')).ask('ceilings', {}, Math.min(this.left, 30));
  }

  async close() {
    await Promise.all([...this.peers.values()].map((peer) => peer.close()));
  }
}

/** Relative L2 distance of every peer's results from the reference's: the same net, weights and inputs on both sides. */
function compareResults(peers) {
  const expected = peers[REFERENCE].results;
  for (const found of Object.values(peers)) {
    if (expected !== undefined && found.results !== undefined && found !== peers[REFERENCE]) {
      found.difference = relativeDistance(found.results, expected);
    }
  }
  for (const found of Object.values(peers)) delete found.results;
}

function relativeDistance(actual, expected) {
  let [squares, norm] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    squares += (actual[i] - expected[i]) ** 2;
    norm += expected[i] ** 2;
  }
  return Math.sqrt(squares / norm);
}

/**
 * Seconds for case `index`: what is left by the cases that are left, where one beside torch.compile counts half, because the
 * others matter more.
 */
export function shareOf(cases, index, left) {
  const weight = ({ variants }) => (variants.includes('torch-compile') ? 0.5 : 1);
  const weights = cases.slice(index).map(weight);
  return (left * weights[0]) / weights.reduce((sum, value) => sum + value, 0);
}

async function main() {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '300' },
      size: { type: 'string', default: '352' },
      rounds: { type: 'string', default: '15' },
      out: { type: 'string', default: '.' },
      python: { type: 'string', default: 'python3' },
      quick: { type: 'boolean', default: false },
    },
  });
  const cases = makeCases({
    size: Number(values.size),
    quick: values.quick,
    tuned: Boolean(process.env.INFNET_TUNING),
  });
  const log = (text) => process.stderr.write(text);
  const comparison = new Comparison({
    seconds: Number(values.seconds),
    rounds: Number(values.rounds),
    python: values.python,
    log,
  });
  const results = [];
  let torchCeilings = {};
  const write = () =>
    writeFileSync(
      join(values.out, 'compare.json'),
      JSON.stringify({ loaded: comparison.loaded, torchCeilings, results }, null, 1),
    );
  torchCeilings = await comparison.ceilings().catch((error) => ({ error: error.message }));
  for (const [index, item] of cases.entries()) {
    if (comparison.left < 5) {
      console.log(`no time for: ${item.title} (${item.variants.join(', ')})`);
      continue;
    }
    const result = await comparison.run(item, shareOf(cases, index, comparison.left - 2));
    results.push(result);
    write();
    console.log(comparisonTable([result]).join('\n'));
  }
  write();
  await comparison.close();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
