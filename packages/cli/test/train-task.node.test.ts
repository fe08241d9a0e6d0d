/** `infnet train --task`: a task of one's own trains, resumes, and writes the run folder of any training. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSafetensors } from '@infnet/checkpoint';
import { describe, expect, it } from 'vitest';
import { main } from '../src/index.js';
import { writeClassPhantoms } from './multi-class-support.js';
import { infnet, temporaryFolder } from './support.js';
import { bitsOf, logOf } from './train-support.js';

const folder = temporaryFolder();
const data = writeClassPhantoms(join(folder, 'data'));
const TASK = join(import.meta.dirname, 'own-task.ts');
const train = ['train', '--task', TASK, '--data', data, '--size', '32', '--batch', '2', '--lr', '1e-2'];
const more = ['--epochs', '3', '--validate', '4', '--samples', '1'];

describe('a task of one’s own', () => {
  const whole = join(folder, 'whole');

  it('trains, is validated and reported by its classes, and its weights say whose they are', async () => {
    const { code, stdout, stderr } = await infnet([...train, ...more, '--out', whole, '--json']);
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/epoch 1 of 3: loss \S+, Dice \S+ \(ground-glass \S+, consolidation \S+\), IoU/);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      stopped: 'finished',
      position: { epoch: 3, step: 6 },
      settings: { task: TASK, window: [-1100, 300], optimizer: 'adam' },
      best: { metrics: { dice: expect.any(Number), diceGroundGlass: expect.any(Number) } },
    });
    const losses = logOf(whole, 'epoch').map(({ loss }) => loss as number);
    expect(losses.at(-1)).toBeLessThan(losses[0] as number);
    const page = readFileSync(join(whole, 'report.html'), 'utf8');
    expect(page).toContain('Training of lesions');
    expect(page).toContain('Dice, consolidation');
    expect(page).not.toContain('<dt>backbone</dt>');
    const { metadata, tensors } = readSafetensors(
      new Uint8Array(readFileSync(join(whole, 'checkpoints', 'best.safetensors'))),
    );
    expect(Object.fromEntries(metadata)).toMatchObject({ task: 'lesions', net_options: '{}', trained: 'true' });
    expect(tensors.get('weight')?.shape).toEqual([3, 3, 3, 3]);
  });

  it('stopped and resumed it ends with the same bits', async () => {
    const out = join(folder, 'stopped');
    const controller = new AbortController();
    const steps = (): number =>
      existsSync(join(out, 'log.jsonl'))
        ? readFileSync(join(out, 'log.jsonl'), 'utf8').split('"step","step"').length
        : 0;
    const io = {
      stdout: { write: () => true },
      stderr: { write: () => steps() >= 4 && controller.abort(), isTTY: true },
      signal: controller.signal,
    };
    expect(await main([...train, ...more, '--out', out], io)).toBe(130);
    const resumed = await infnet(['train', '--out', out, '--resume']);
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(bitsOf(out)).toEqual(bitsOf(whole));
  });

  it('goes on from its own weights, and from no others', async () => {
    const weights = join(whole, 'checkpoints', 'final.safetensors');
    const on = await infnet([...train, '--epochs', '1', '--weights', weights, '--out', join(folder, 'on')]);
    expect(on.code, on.stderr).toBe(0);
    const other = await infnet(['train', '--data', data, '--weights', weights, '--out', join(folder, 'no')]);
    expect([other.code, other.stderr]).toEqual([2, expect.stringMatching(/CLI_BACKBONE|CLI_WRONG_NET/)]);
  });

  it.each([
    [
      'options of other tasks',
      ['--backbone', 'vgg16', '--width', '0.5'],
      /--backbone, --width: not of the task lesions/,
    ],
    ['semi-supervised', ['--semi', '--unlabelled', data], /--semi, --unlabelled: not of the task lesions/],
    ['beside --multi-class', ['--multi-class'], /--multi-class and --task do not go together/],
  ])('refuses %s', async (_name, args, pattern) => {
    const out = join(folder, 'refused');
    const { code, stderr } = await infnet([...train, ...args, '--out', out]);
    expect([code, stderr]).toEqual([2, expect.stringMatching(pattern)]);
    expect(existsSync(out)).toBe(false);
  });

  it('refuses a module that is none', async () => {
    const missing = await infnet(['train', '--task', '/no/such.mjs', '--data', data, '--out', join(folder, 'none')]);
    expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining('The task cannot be loaded')]);
  });
});
