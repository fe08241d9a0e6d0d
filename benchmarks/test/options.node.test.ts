import { describe, expect, it } from 'vitest';
import { readOptions, usage } from '../src/options.js';

describe('the options of the benchmark', () => {
  it('have defaults, which are smaller for a quick run', () => {
    expect(readOptions([])).toMatchObject({ suite: 'forward', size: 352, batch: 1, runs: 5, help: false });
    expect(readOptions(['--quick', '--peers'])).toMatchObject({ suite: 'peers', size: 96, runs: 3, only: undefined });
    expect(readOptions(['--gradients', '--quick', '--size', '64'])).toMatchObject({ suite: 'gradients', size: 64 });
  });

  it('name peers, parts and cases', () => {
    const options = readOptions(['--peers', '--only', 'infnet,tfjs-chromium', '--parts', 'public', '--match', '512']);
    expect(options).toMatchObject({ only: ['infnet', 'tfjs-chromium'], parts: ['public'], match: '512' });
    expect(readOptions(['--peer-process', 'tfjs']).child).toBe('tfjs');
  });

  it.each([
    [['--sise', '3'], "Unknown option '--sise'"],
    [['--size'], 'argument missing'],
    [['--size', '1.5'], '--size must be a positive integer, got "1.5"'],
    [['--size=-3'], '--size must be a positive integer, got "-3"'],
    [['--only', 'infnet,tensorflow'], 'got "tensorflow"'],
    [['--parts', ''], 'overhead, startup, got ""'],
    [['352'], "Unexpected argument '352'"],
    [['--memory', '--peers'], '--memory and --peers are one suite each'],
  ])('%j is an error of one line, with what to do', (args, message) => {
    const error = (): unknown => readOptions(args as string[]);
    expect(error).toThrow(message as string);
    expect(error).toThrow(/^\[CLI_OPTION\] [^\n]+\n {2}Fix: [^\n]+$/);
  });

  it('are all in the usage, one line each, and the one for processes is not', () => {
    const text = usage();
    const named = [...text.matchAll(/^ {2}--(\w+)/gm)].map(([, name]) => name);
    expect(named).toEqual(
      'gradients training memory ceilings matrix peers quick size batch runs out only parts match patience seconds help'.split(
        ' ',
      ),
    );
    expect(text).not.toContain('peer-process');
  });
});
