/**
 * Readers of the standard streams that go away, and full disks behind them. `npm test` builds first; without a build
 * the cases with a program of its own are skipped, and say so.
 */
import { spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { existsSync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { StandardOutput, type Stream, takesCursorCodes } from '../src/streams.js';
import { temporaryFolder } from './support.js';
import { logOf, QUICK, writePhantoms } from './train-support.js';

const bin = join(import.meta.dirname, '..', 'bin', 'infnet.js');
const built = existsSync(join(import.meta.dirname, '..', 'dist', 'index.js'));
const FULL = '/dev/full';

/** A stream whose writes fail in one of the ways of Node's. */
class Failing extends EventEmitter {
  readonly columns = 80;
  readonly isTTY = true;
  readonly written: string[] = [];
  readonly #fail: (text: string, done: (error?: Error | null) => void, stream: EventEmitter) => void;

  constructor(fail: (text: string, done: (error?: Error | null) => void, stream: EventEmitter) => void) {
    super();
    this.#fail = fail;
  }

  write(text: string, done: (error?: Error | null) => void): boolean {
    this.written.push(text);
    this.#fail(text, done, this);
    return true;
  }
}

const errorOf = (code: string): Error => Object.assign(new Error(`${code}: write`), { code });

describe('an output', () => {
  it.each([
    ['by callback', (code: string) => (_: string, done: (error?: Error) => void) => done(errorOf(code))],
    [
      'by event',
      (code: string) => (_: string, done: (error?: Error) => void, stream: EventEmitter) => {
        queueMicrotask(() => {
          stream.emit('error', errorOf(code));
          done(errorOf(code));
        });
      },
    ],
    [
      'at once',
      (code: string) => () => {
        throw errorOf(code);
      },
    ],
  ])('whose stream fails %s says so at the end, unless nobody reads it any more', async (_name, failing) => {
    const full = new Failing(failing('ENOSPC'));
    const one = new StandardOutput(full as unknown as Stream, {});
    one.write('a');
    one.write('b');
    expect((await one.settled())?.message).toContain('ENOSPC');
    expect(full.written, 'a disk may have room again').toEqual(['a', 'b']);

    const closed = new Failing(failing('EPIPE'));
    const other = new StandardOutput(closed as unknown as Stream, {});
    other.write('a');
    expect(await other.settled()).toBeUndefined();
    other.write('b');
    expect(closed.written, 'nothing is sent to nobody').toEqual(['a']);
  });

  it('takes no cursor codes on a dumb terminal, nor where colours are not wanted', () => {
    expect(takesCursorCodes({})).toBe(true);
    expect(takesCursorCodes({ NO_COLOR: '', TERM: 'xterm' })).toBe(true);
    expect(takesCursorCodes({ NO_COLOR: '1' })).toBe(false);
    expect(takesCursorCodes({ TERM: 'dumb' })).toBe(false);
    const stream = new Failing((_, done) => done()) as unknown as Stream;
    expect(new StandardOutput(stream, {}).isTTY).toBe(true);
    expect(new StandardOutput(stream, { TERM: 'dumb' }).isTTY).toBe(false);
  });
});

describe.skipIf(!built || process.platform === 'win32')('a program (skipped without npm run build)', () => {
  const folder = temporaryFolder();

  it.each([
    ['--version', ['--version']],
    ['--help', ['--help']],
    ['help of a command', ['train', '--help']],
    ['a list', ['kernels']],
    ['a document', ['kernels', '--json']],
    ['an error', ['train', '--json']],
  ])('whose reader is gone ends as it would: %s', async (_name, args) => {
    const whole = await run(args);
    const left = await run(args, { leaveAfter: 0 });
    expect(left.code).toBe(whole.code);
    expect(left.stderr).not.toMatch(/EPIPE|at .*\.js/);
  });

  it.skipIf(!existsSync(FULL)).each([
    ['--version', ['--version'], 1],
    ['--help', ['--help'], 1],
    ['a document', ['kernels', '--json'], 1],
    ['an error', ['train', '--out', join(folder, 'none'), '--json'], 2],
    ['work', ['phantom', '--count', '2', '--out', join(folder, 'phantoms'), '--json'], 1],
  ])('whose answer finds no room says so: %s', async (_name, args, code) => {
    const ended = await run(args, { stdout: FULL });
    expect(ended.code, ended.stderr).toBe(code);
    expect(ended.stderr).toMatch(/\[CLI_STDOUT\] The answer could not be written .*ENOSPC/);
    expect(ended.stderr).not.toMatch(/^\s+at /m);
    if (args[0] === 'phantom') expect(readdirSync(join(folder, 'phantoms'))).toContain('masks');
  });

  it.each([
    ['both readers go away after a few lines', { leaveAfter: 4 }],
    ['messages find no room', { stderr: FULL }],
  ])('that trains goes on to its end when %s', async (name, how) => {
    if ('stderr' in how && !existsSync(FULL)) return;
    const data = writePhantoms(join(folder, 'data'));
    const out = join(folder, name.replaceAll(' ', '-'));
    const { code } = await run(['train', '--data', data, '--out', out, '--epochs', '2', ...QUICK], how);
    expect(code).toBe(0);
    expect(logOf(out, 'step').map(({ step }) => step)).toEqual([1, 2, 3, 4]);
    expect(logOf(out, 'end')).toHaveLength(1);
    expect(existsSync(join(out, 'checkpoints', 'final.safetensors'))).toBe(true);
  });
});

interface How {
  /** Lines after which nobody reads either stream. */
  readonly leaveAfter?: number;
  /** Files to write to. */
  readonly stdout?: string;
  readonly stderr?: string;
}

function run(
  args: readonly string[],
  { leaveAfter, stdout, stderr }: How = {},
): Promise<{ code: number | null; stderr: string }> {
  const to = (file: string | undefined): number | 'pipe' => (file === undefined ? 'pipe' : openSync(file, 'w'));
  const child = spawn(process.execPath, [bin, ...args], { stdio: ['ignore', to(stdout), to(stderr)] });
  let said = '';
  let lines = 0;
  const leave = (): void => {
    child.stdout?.destroy();
    child.stderr?.destroy();
  };
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk) => {
      if (stream === child.stderr) said += chunk;
      lines += String(chunk).split('\n').length - 1;
      if (leaveAfter !== undefined && lines >= leaveAfter) leave();
    });
  }
  if (leaveAfter === 0) child.stdout?.destroy();
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stderr: said })));
}
