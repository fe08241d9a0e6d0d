/**
 * A Node program that finishes exits by itself: no `process.exit`, no abort, no hang, whatever of the GPU is still
 * alive. Each case is a program of its own, run to its end on each software adapter of this machine.
 */
import { describe, expect, it } from 'vitest';
import { hasLlvmpipe, hasNpmSwiftShader, run } from './children/run.js';

/** Case of `children/ending.mjs`, exit code, what it prints. */
const CASES: readonly (readonly [name: string, code: number, stdout: string])[] = [
  ['deviceAlive', 0, ''],
  ['deviceDestroyed', 0, ''],
  ['resultRead', 0, 'right\n'],
  ['mapPending', 0, 'mapped\n'],
  ['mapPendingThenDestroyed', 0, 'AbortError\n'],
  ['workPending', 0, ''],
  ['workDonePending', 0, 'done\n'],
  ['pipelinePending', 0, 'compiled\n'],
  ['errorScopePending', 0, 'GPUValidationError\n'],
  ['bufferMapped', 0, ''],
  ['uncaughtError', 1, ''],
  ['lostListener', 0, ''],
  ['openedOften', 0, ''],
  ['gpuForgotten', 0, 'right\n'],
  ['deviceForgotten', 0, 'right\n'],
  ['bufferForgottenWhilePending', 0, 'mapped\n'],
  ['bufferForgottenWhileRead', 0, 'right\n'],
];

/**
 * Programs torn down while a kernel runs. The software drivers' own threads are then still at work, and now and then
 * (about one time in six on a busy machine) one of them crashes in native code after everything of ours has ended; see
 * ADR 0002.
 */
const TORN_DOWN: typeof CASES = [
  ['processExit', 0, ''],
  ['uncaughtErrorWhilePending', 1, ''],
];

describe.each([
  ['swiftshader', hasNpmSwiftShader, 'Linux x64'],
  ['llvmpipe', hasLlvmpipe, 'Mesa 25 or newer'],
])('on %s', (adapter, available, needs) => {
  const check = async (name: string, code: number, stdout: string): Promise<void> => {
    const ending = await run('ending.mjs', [name], { env: { INFNET_ADAPTER: adapter } });
    expect(ending).toMatchObject({ code, signal: null, stdout });
    if (code === 0) expect(ending.stderr).not.toMatch(/Error|died|terminate/);
    else expect(ending.stderr).toContain('thrown on purpose');
  };
  it.skipIf(!available).each(CASES)(`%s: exit code %i (skipped without ${needs})`, check);
  for (const [name, code, stdout] of TORN_DOWN) {
    const title = `${name}: exit code ${code}, in one of six tries (skipped without ${needs})`;
    it.skipIf(!available)(title, { retry: 5 }, () => check(name, code, stdout));
  }
});
