/** The trainings of a soak: tiny ones, as programs of their own; and what two of them have in common. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readSafetensors } from '@infnet/checkpoint';
import { encodePng, phantomSlice } from '@infnet/data';

const BIN = fileURLToPath(new URL('../../packages/cli/bin/infnet.js', import.meta.url));
const TASK = fileURLToPath(new URL('./task.mjs', import.meta.url));
const LOSING = new URL('./losing.mjs', import.meta.url).href;

const INF_NET = '--size 32 --width 0.125 --channels 4 --batch 2 --lr 1e-3 --validate 4 --samples 1'.split(' ');
const OWN = '--size 32 --batch 2 --lr 1e-2 --validate 4 --samples 1'.split(' ');

/** How to train: options beside `--data` and `--out`, and which files must have the same bits. */
export const METHODS = {
  train: {
    options: ({ data }) => ['--data', data, '--task', TASK, '--epochs', '12', '--snapshot-every', '1', ...OWN],
    files: ['last', 'best', 'final'],
  },
  semi: {
    options: ({ data, unlabelled }) => [
      ...[
        '--data',
        data,
        '--semi',
        '--unlabelled',
        unlabelled,
        '--epochs',
        '2',
        '--group',
        '2',
        '--snapshot-every',
        '1',
      ],
      ...['--round-epochs', '1', '--pseudo-epochs', '1', '--finetune-epochs', '1', ...INF_NET],
    ],
    files: ['last', 'best', 'final', 'supervised'],
  },
};

export function makeSets(folder) {
  const put = (path, bytes) => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  };
  const [data, unlabelled] = [join(folder, 'data'), join(folder, 'unlabelled')];
  for (let i = 0; i < 5; i++) {
    const { image, infection } = phantomSlice(20 + i, { width: 64 + i, height: 70, burden: 0.3 });
    put(join(data, 'Imgs', `${i}.png`), encodePng(image));
    put(join(data, 'GT', `${i}.png`), encodePng(infection));
  }
  for (let i = 0; i < 4; i++) {
    put(join(unlabelled, 'Imgs', `u${i}.png`), encodePng(phantomSlice(60 + i, { width: 72, height: 64 }).image));
  }
  return { data, unlabelled };
}

/**
 * Starts a training.
 *
 * @param lose moments at which it loses its device, see losing.mjs
 * @param cover a command around it
 */
export function start(args, { lose, cover = [] } = {}) {
  const [program, ...before] = [...cover, process.execPath];
  return spawn(program, [...before, ...(lose === undefined ? [] : ['--import', LOSING]), BIN, 'train', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, INFNET_ADAPTER: process.env.INFNET_ADAPTER ?? 'llvmpipe', INFNET_LOSE: lose ?? '' },
  });
}

/** The end of a program: its exit code (null where it was killed), and what it said. */
export function ended(child) {
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (said += chunk));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, said })));
}

/** Trains to the end without any harm. */
export async function undisturbed(folder, sets, method) {
  const out = join(folder, `whole-${method}`);
  const { code, said } = await ended(start(['--out', out, ...METHODS[method].options(sets)]));
  if (code !== 0) throw new Error(`the undisturbed run ended with ${code}:\n${said}`);
  return out;
}

/** Goes on to the end; what is wrong with that, or undefined where it has the bits of the undisturbed one. */
export async function finish(out, method, sets, whole, resume = true) {
  const args = resume ? ['--out', out, '--resume', ...METHODS[method].options(sets)] : ['--out', out, '--resume'];
  const { code, said } = await ended(start(args));
  if (code !== 0) return `resumed it ended with ${code}: ${said.slice(-500)}`;
  return difference(out, whole[method], METHODS[method].files);
}

/** What is not the same in two runs, or undefined. */
export function difference(run, whole, files) {
  for (const name of files) {
    const path = join('checkpoints', `${name}.safetensors`);
    if (!existsSync(join(run, path))) return `${path} is missing`;
    if (hashOf(join(run, path)) !== hashOf(join(whole, path))) return `${path} has other bits`;
  }
  for (const event of ['step', 'epoch']) {
    const told = (folder) => logOf(folder, event).map(({ step, loss }) => `${step} ${loss}`);
    if (told(run).join() !== told(whole).join()) return `the log has other lines of ${event}`;
  }
  return undefined;
}

/** Of all that a file of weights or a state holds, but for how long its log was. */
function hashOf(file) {
  const { tensors, metadata } = readSafetensors(new Uint8Array(readFileSync(file)));
  const hash = createHash('sha256');
  for (const [name, text] of metadata) if (name !== 'log_lines') hash.update(`${name} ${text}\n`);
  for (const [name, { shape, data }] of tensors) {
    hash.update(`${name} ${shape}\n`).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex');
}

/** Whole lines of a log of one kind. */
export function logOf(run, event) {
  const file = join(run, 'log.jsonl');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
  return lines
    .flatMap((line) => {
      try {
        return [JSON.parse(line)];
      } catch {
        return [];
      }
    })
    .filter((line) => line.event === event);
}
