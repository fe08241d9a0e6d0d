import { describe, expect, it } from 'vitest';
import { readOptions, usage } from '../src/options.js';

describe('the options of the benchmark', () => {
  it('have defaults, which are smaller for a quick run', () => {
    expect(readOptions([])).toMatchObject({ suite: 'forward', size: 352, batch: 1, runs: 5, help: false });
    expect(readOptions(['--quick', '--peers'])).toMatchObject({ suite: 'peers', size: 96, runs: 3 });
    expect(readOptions(['--training', '--size', '64'])).toMatchObject({ suite: 'training', size: 64 });
  });

  it('name peers, parts and cases', () => {
    const options = readOptions(['--peers', '--only', 'infnet,tfjs-chromium', '--parts', 'public', '--match', '512']);
    expect(options).toMatchObject({ only: ['infnet', 'tfjs-chromium'], parts: ['public'], match: '512' });
    expect(readOptions(['--peer-process', 'tfjs']).child).toBe('tfjs');
  });

  it('have shorthands for two parts, whose peers can be named too', () => {
    const gradients = { suite: 'peers', parts: ['gradients'], only: ['infnet'] };
    expect(readOptions(['--gradients'])).toMatchObject(gradients);
    expect(readOptions(['--gradients', '--only', 'infnet,cudnn'])).toMatchObject({ only: ['infnet', 'cudnn'] });
    expect(readOptions(['--matrix'])).toMatchObject({ suite: 'peers', parts: ['matrix'] });
  });

  it.each([
    [['--sise', '3'], "unknown option '--sise'"],
    [['--size'], "option '--size <pixels>' argument missing"],
    [['--size', '1.5'], "option '--size <pixels>' argument '1.5' is invalid. It must be a positive integer"],
    [['--size=-3'], "argument '-3' is invalid"],
    [['--only', 'infnet,tensorflow'], "argument 'infnet,tensorflow' is invalid. It takes infnet, infnet-exact"],
    [['--parts', ''], 'overhead, startup'],
    [['352'], 'too many arguments'],
    [['--memory', '--peers'], "option '--memory' cannot be used with option '--peers'"],
  ])('%j is an error of one line, with what to do', (args, message) => {
    const error = (): unknown => readOptions(args as string[]);
    expect(error).toThrow(message as string);
    expect(error).toThrow(/^\[CLI_OPTION\] [^\n]+\n {2}Fix: [^\n]+$/);
  });

  it('are all in the usage, one line each, and the one for processes is not', () => {
    const text = usage();
    const named = [...text.matchAll(/^ {2}--(\w+)/gm)].map(([, name]) => name);
    const suites = 'training memory planner ceilings peers gradients matrix';
    expect(named.join(' ')).toBe(`${suites} quick size batch runs out only parts match patience seconds help`);
    expect(text).not.toContain('peer-process');
  });
});
