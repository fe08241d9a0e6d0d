/** The folder of a run: what is damaged, missing, changed, taken or gone, and that nothing is lost by it. */
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { readSafetensors, writeSafetensors } from '@infnet/checkpoint';
import { withPngText } from '@infnet/data';
import { lockFolder } from '@infnet/node';
import { isLong } from '@infnet/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { main } from '../src/index.js';
import { writeClassPhantoms } from './multi-class-support.js';
import { infnet, phantomPng, type Ran, temporaryFolder } from './support.js';
import { bitsOf, logOf, QUICK, writePhantoms } from './train-support.js';

const folder = temporaryFolder();
const data = writeClassPhantoms(join(folder, 'data'));
const TASK = join(import.meta.dirname, 'own-task.ts');
const TRAIN = ['train', '--task', TASK, '--size', '32', '--batch', '2', '--lr', '1e-2', '--validate', '4'];
const whole = join(folder, 'whole');
const LAST = join('checkpoints', 'last.safetensors');
const PREVIOUS = join('checkpoints', 'previous.safetensors');

const resume = (out: string, ...more: readonly string[]): Promise<Ran> =>
  infnet(['train', '--out', out, '--resume', ...more]);

let copies = 0;
/** A run that was finished. */
function copy(): string {
  const out = join(folder, `copy-${copies++}`);
  cpSync(whole, out, { recursive: true });
  return out;
}

/** Flips a bit of a file, counted from its end. */
function flip(file: string, fromEnd: number): void {
  const bytes = readFileSync(file);
  const at = bytes.length - fromEnd;
  bytes[at] = (bytes[at] as number) ^ 4;
  writeFileSync(file, bytes);
}

beforeAll(async () => {
  const { code, stderr } = await infnet([...TRAIN, '--data', data, '--out', whole, '--epochs', '3']);
  expect(code, stderr).toBe(0);
});

describe('a state', () => {
  it('has a checksum and a generation, and the one before it is kept', () => {
    const of = (name: string) => readSafetensors(new Uint8Array(readFileSync(join(whole, name)))).metadata;
    expect(of(LAST).get('checksum')).toMatch(/^crc32:\w{8} without log_lines$/);
    const generation = (name: string): number =>
      Number(/of generation (\d+)/.exec(String(of(name).get('log_lines')))?.[1]);
    expect(generation(LAST)).toBe(generation(PREVIOUS) + 1);
    expect(of(join('checkpoints', 'final.safetensors')).get('checksum')).toMatch(/^crc32:\w{8}$/);
    expect(readdirSync(whole)).not.toContain('run.lock');
  });

  it.each([
    ['a flipped bit of a weight', (file: string) => flip(file, 5)],
    ['a flipped bit of the header', (file: string) => flip(file, readFileSync(file).length - 200)],
    ['half of it missing', (file: string) => writeFileSync(file, readFileSync(file).subarray(0, 900))],
    ['nothing in it', (file: string) => writeFileSync(file, '')],
    [
      'the weights of a net in its place',
      (file: string) => copyFileSync(join(whole, 'checkpoints/final.safetensors'), file),
    ],
  ])('that is damaged (%s) is not gone on from, but from the one before', async (_name, damage) => {
    const out = copy();
    damage(join(out, LAST));
    const { code, stderr } = await resume(out);
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(
      /last\.safetensors is damaged \(\[\w+\] .*\): going on from the state before it, .*previous/,
    );
    expect(bitsOf(out)).toEqual(bitsOf(whole));
    expect(logOf(out, 'resume')[0]).toMatchObject({ damaged: expect.stringContaining('[') });
    // The good one was not replaced by the damaged one.
    flip(join(out, LAST), 5);
    expect((await resume(out)).code).toBe(0);
    expect(bitsOf(out)).toEqual(bitsOf(whole));
  });

  it('of which both are damaged ends it, and nothing is written', async () => {
    const out = copy();
    for (const file of [LAST, PREVIOUS]) flip(join(out, file), 5);
    const log = readFileSync(join(out, 'log.jsonl'), 'utf8');
    const { code, stderr } = await resume(out);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/\[TRAIN_STATE_DAMAGED\].*Fix: .*best/s)]);
    expect(readFileSync(join(out, 'log.jsonl'), 'utf8')).toBe(log);
  });

  it('that is missing is not begun anew over what there is', async () => {
    const out = copy();
    rmSync(join(out, LAST));
    const log = readFileSync(join(out, 'log.jsonl'), 'utf8');
    const first = await resume(out, '--data', data);
    expect(first.stderr).toMatch(
      /\[CLI_RUN_FOLDER\] checkpoints\/last\.safetensors is missing.*copy checkpoints\/previous/s,
    );
    rmSync(join(out, 'checkpoints'), { recursive: true });
    const second = await resume(out);
    expect(second.stderr).toMatch(/\[CLI_RUN_FOLDER\] checkpoints\/last\.safetensors is missing.*Put it back/s);
    rmSync(join(out, 'config.json'));
    const third = await infnet([...TRAIN, '--data', data, '--out', out, '--epochs', '1']);
    expect(third.stderr).toMatch(/\[CLI_RUN_FOLDER\] There are parts of a run in this folder \(log\.jsonl\)/);
    expect([first.code, second.code, third.code]).toEqual([2, 2, 2]);
    expect(readFileSync(join(out, 'log.jsonl'), 'utf8')).toBe(log);
  });

  it('of an older version, without a checksum, is gone on from', async () => {
    const out = copy();
    const file = join(out, LAST);
    const { tensors, metadata } = readSafetensors(new Uint8Array(readFileSync(file)));
    const { checksum: _, content: __, ...texts } = Object.fromEntries(metadata) as Record<string, string>;
    writeFileSync(file, writeSafetensors(tensors, { ...texts, log_lines: '9' }));
    rmSync(join(out, PREVIOUS));
    const { code, stderr } = await resume(out, '--epochs', '4');
    expect(code, stderr).toBe(0);
  });
});

describe('slices that are others than those of the state', () => {
  const spoil = (name: string, change: (folder: string) => void): string => {
    const out = copy();
    const other = join(folder, name);
    cpSync(data, other, { recursive: true });
    change(other);
    const config = join(out, 'config.json');
    writeFileSync(config, readFileSync(config, 'utf8').replace(JSON.stringify(data), JSON.stringify(other)));
    return out;
  };

  it.each([
    [
      'a picture',
      (set: string) => writeFileSync(join(set, 'Imgs', '2.png'), phantomPng(77, 66, 70)),
      /2 has other bytes/,
    ],
    ['a class map', (set: string) => mark(join(set, 'GT', '3.png')), /3 has other bytes/],
    [
      'a slice that is validated',
      (set: string) => mark(join(set, 'Imgs', '4.png')),
      /to validate on, 4 has other bytes/,
    ],
  ])('are refused by name, unless that is accepted: %s', async (name, change, pattern) => {
    const out = spoil(`changed ${name}`, change);
    const before = bitsOf(out);
    const { code, stderr } = await resume(out, '--epochs', '4');
    expect([code, stderr]).toEqual([2, expect.stringMatching(pattern)]);
    expect(stderr).toMatch(/\[CLI_RUN_FOLDER\].*--accept-changed-data/s);
    expect(bitsOf(out)).toEqual(before);
    const accepted = await resume(out, '--epochs', '4', '--accept-changed-data');
    expect(accepted.code, accepted.stderr).toBe(0);
    expect((await resume(out, '--epochs', '5')).code).toBe(0);
  });

  it('also where names are others', async () => {
    const out = spoil('renamed', (set) => {
      for (const kind of ['Imgs', 'GT', 'Prior']) {
        if (existsSync(join(set, kind))) renameSync(join(set, kind, '0.png'), join(set, kind, '00.png'));
      }
    });
    const { code, stderr } = await resume(out, '--epochs', '4');
    expect([code, stderr]).toEqual([2, expect.stringMatching(/0 is missing, 00 was not there/)]);
    const accepted = await resume(out, '--epochs', '4', '--accept-changed-data');
    expect(accepted.code, accepted.stderr).toBe(0);
  });
});

describe('a folder', () => {
  it('that somebody is at is left to him', async () => {
    const out = copy();
    const lock = await lockFolder(out);
    const { code, stderr } = await resume(out);
    expect([code, stderr]).toEqual([2, expect.stringMatching(new RegExp(`FILE_LOCKED.*process ${process.pid} on`))]);
    await lock.release();
    const dead = spawnSync(process.execPath, ['-e', '']).pid;
    writeFileSync(join(out, 'run.lock'), JSON.stringify({ pid: dead, host: 'x', boot: '', started: '', since: '' }));
    expect((await resume(out)).code, 'of another machine').toBe(2);
    rmSync(join(out, 'run.lock'));
    expect((await resume(out)).code).toBe(0);
    expect(existsSync(join(out, 'run.lock'))).toBe(false);
  });

  it('that vanishes is made again with the next state, and all that is needed to go on', async () => {
    const out = join(folder, 'vanished');
    let isGone = false;
    let told = '';
    const io = {
      stdout: { write: () => true },
      stderr: {
        isTTY: true,
        write: (text: string) => {
          told += text;
          if (isGone || !existsSync(join(out, LAST)) || logOf(out, 'epoch').length < 2) return;
          isGone = true;
          rmSync(out, { recursive: true });
        },
      },
    };
    const code = await main([...TRAIN, '--data', data, '--out', out, '--epochs', '3'], io);
    expect(code, told).toBe(0);
    expect(isGone).toBe(true);
    expect(told).toMatch(/vanished was gone; it is made again/);
    expect(bitsOf(out)).toEqual(bitsOf(whole));
    expect(logOf(out, 'step').map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(readFileSync(join(out, 'config.json'), 'utf8')).toBe(readFileSync(join(whole, 'config.json'), 'utf8'));
    expect((await resume(out, '--epochs', '4')).code).toBe(0);
  });

  it('is tidied of what killed runs left, and of nothing else', async () => {
    const out = copy();
    const dead = spawnSync(process.execPath, ['-e', '']).pid;
    const lock = await lockFolder(join(folder, 'names'));
    await lock.release();
    const { temporaryName } = await import('../../node/src/temporary-files.js');
    const left = temporaryName().replace(`-${process.pid}-`, `-${dead}-`);
    for (const name of [left, 'mine.tmp']) writeFileSync(join(out, 'checkpoints', name), 'x');
    expect((await resume(out)).code).toBe(0);
    expect(readdirSync(join(out, 'checkpoints'))).not.toContain(left);
    expect(readdirSync(join(out, 'checkpoints'))).toContain('mine.tmp');
  });

  it.each([
    ['null', 'null', /CLI_RUN_FOLDER/],
    ['settings that are none', '{"version":1,"settings":null}', /CLI_RUN_FOLDER/],
    ['a list', '{"version":1,"settings":[]}', /CLI_/],
    ['texts for numbers', '{"version":1,"settings":{"data":"/","epochs":"9"}}', /CLI_USAGE.*--epochs is 9/],
    ['objects', '{"version":1,"settings":{"data":{"toString":1},"scales":null,"task":7}}', /CLI_USAGE.*--data is/],
  ])('whose config.json is %s is refused with a code', async (_name, text, pattern) => {
    const out = copy();
    writeFileSync(join(out, 'config.json'), text);
    const { code, stderr } = await resume(out);
    expect([code, stderr]).toEqual([2, expect.stringMatching(pattern)]);
    expect(stderr).not.toContain('fault of infnet');
  });

  it('whose log has a damaged line says so once, and goes on with the lines of the state', async () => {
    const out = copy();
    const log = join(out, 'log.jsonl');
    const before = readFileSync(log, 'utf8').split('\n');
    const at = before.findIndex((line) => line.includes('"event":"step"'));
    // The last one is what a kill leaves.
    const damaged = before.with(at, (before[at] as string).replace('{', '\u0000')).with(-1, '{"event":"st');
    writeFileSync(log, damaged.join('\n'));
    const { code, stderr } = await resume(out, '--epochs', '4');
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(new RegExp(`log\\.jsonl has a damaged line \\(${at + 1}\\): what they told`));
    const after = readFileSync(log, 'utf8').split('\n');
    expect(JSON.parse(after[at] as string)).toMatchObject({
      event: 'problem',
      error: expect.stringContaining('damaged'),
    });
    const kept = before.findIndex((line) => line.includes('"event":"end"'));
    expect(after.slice(at + 1, kept)).toEqual(before.slice(at + 1, kept));
    const again = await resume(out, '--epochs', '5');
    expect([again.code, again.stderr.includes('damaged')]).toEqual([0, false]);
  });

  it('whose log has lines of another form is gone on with', async () => {
    const out = copy();
    const log = join(out, 'log.jsonl');
    const strange = [
      'null',
      '7',
      '[]',
      '{"event":"epoch","step":1}',
      '{"event":"step","step":"x"}',
      '{"event":"end","step":1,"time":7}',
    ];
    writeFileSync(log, `${strange.join('\n')}\n${readFileSync(log, 'utf8')}`);
    const { code, stderr } = await resume(out, '--epochs', '4');
    expect(code, stderr).toBe(0);
  });
});

it('batches that cannot be trained on are refused before anything is compiled or made, with what would do', async () => {
  const three = writePhantoms(join(folder, 'three'), (files) => {
    for (const name of ['3', '4']) for (const kind of ['Imgs', 'GT']) files.delete(`${kind}/${name}.png`);
  });
  const out = join(folder, 'untrainable');
  const args = ['train', '--data', three, '--out', out, '--epochs', '1', ...QUICK, '--validate', 'none'];
  const { code, stderr } = await infnet(args);
  expect([code, stderr]).toEqual([
    2,
    expect.stringMatching(/\[CLI_USAGE\] 3 slices in batches of 2 leave a batch of 1.*one value per channel/),
  ]);
  expect(stderr).toMatch(/Give --batch 3, or --size 64, or --freeze-batch-norm/);
  expect(stderr).not.toMatch(/preparing|llvmpipe|SwiftShader/);
  expect(existsSync(out)).toBe(false);
  for (const fit of isLong ? [['--batch', '3'], ['--freeze-batch-norm']] : []) {
    const done = await infnet([...args, ...fit, '--out', `${out}${fit[0]}`]);
    expect(done.code, done.stderr).toBe(0);
  }
});

/** The same picture in other bytes. */
function mark(file: string): void {
  writeFileSync(file, withPngText(new Uint8Array(readFileSync(file)), 'Comment', 'another'));
}
