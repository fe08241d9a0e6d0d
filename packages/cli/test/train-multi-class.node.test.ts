/** `infnet train --multi-class`: what it writes, that it resumes to the same bits, what it refuses. */
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSafetensors } from '@infnet/checkpoint';
import { encodePng } from '@infnet/data';
import { beforeAll, describe, expect, it } from 'vitest';
import { main } from '../src/index.js';
import { QUICK_CLASSES, unetWeights, writeClassPhantoms } from './multi-class-support.js';
import { infnet, temporaryFolder } from './support.js';
import { bitsOf, logOf } from './train-support.js';

const folder = temporaryFolder();
const data = writeClassPhantoms(join(folder, 'data'));
const whole = join(folder, 'whole');
const EPOCHS = 3;

describe('a multi-class training', () => {
  let document: Record<string, unknown>;
  beforeAll(async () => {
    const { code, stdout, stderr } = await infnet([
      ...['train', '--data', data, '--out', whole, '--epochs', String(EPOCHS), '--json', ...QUICK_CLASSES],
    ]);
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/epoch 1 of 3: loss \S+, Dice \S+ \(ground-glass \S+, consolidation \S+\), IoU/);
    document = JSON.parse(stdout);
  });

  it('takes the released optimiser and corrected labels by default, and lowers the loss', () => {
    expect(document).toMatchObject({
      ok: true,
      slices: { train: ['0', '1', '2', '3'], validation: ['4'] },
      settings: {
        multiClass: true,
        loss: 'cross-entropy',
        optimizer: 'sgd',
        momentum: 0.7,
        lr: 0.01,
        clip: 0,
        schedule: 'constant',
      },
      position: { epoch: EPOCHS, step: 2 * EPOCHS },
      best: { metrics: { dice: expect.any(Number), diceGroundGlass: expect.any(Number) } },
    });
    const losses = logOf(whole, 'epoch').map(({ loss }) => loss as number);
    expect(losses.at(-1)).toBeLessThan(losses[0] as number);
  });

  it('mean Dice, which decides what is best, is that of the two classes', () => {
    for (const { metrics } of logOf(whole, 'epoch')) {
      const { dice, diceGroundGlass, diceConsolidation } = metrics as Record<string, number>;
      expect(dice).toBe(((diceGroundGlass as number) + (diceConsolidation as number)) / 2);
    }
  });

  it('writes the run folder of any training: curves by class, class overlays, weights that say what they are', () => {
    expect(readdirSync(whole).sort()).toEqual(['checkpoints', 'config.json', 'log.jsonl', 'report.html', 'samples']);
    expect(readdirSync(join(whole, 'samples', '4'))).toEqual([
      ...['epoch-0001.png', 'epoch-0002.png', 'epoch-0003.png', 'truth.png'],
    ]);
    const page = readFileSync(join(whole, 'report.html'), 'utf8');
    for (const text of [
      'Training of the multi-class U-Net',
      'Dice, consolidation',
      'Red: ground-glass opacity',
      'epoch 3',
    ])
      expect(page).toContain(text);
    expect(page).not.toContain('map 2 (the prediction)');
    const { metadata, tensors } = readSafetensors(
      new Uint8Array(readFileSync(join(whole, 'checkpoints', 'best.safetensors'))),
    );
    expect(Object.fromEntries(metadata)).toMatchObject({ net: 'unet', channel_order: 'classes', width: '0.0625' });
    expect(tensors.get('outc.conv.weight')?.shape).toEqual([3, 4, 1, 1]);
  });

  it('stopped by Ctrl-C and resumed it ends with the same bits', async () => {
    const out = join(folder, 'stopped');
    const controller = new AbortController();
    // Counted in the text: the last line may be half written.
    const steps = (): number =>
      existsSync(join(out, 'log.jsonl'))
        ? readFileSync(join(out, 'log.jsonl'), 'utf8').split('"event":"step"').length - 1
        : 0;
    const code = await main(['train', '--data', data, '--out', out, '--epochs', String(EPOCHS), ...QUICK_CLASSES], {
      stdout: { write: () => true },
      stderr: { write: () => steps() >= 3 && controller.abort(), isTTY: true },
      signal: controller.signal,
    });
    expect(code).toBe(130);
    expect(steps()).toBeLessThan(2 * EPOCHS);
    // As a kill leaves it: a line of a step that the state does not know.
    writeFileSync(join(out, 'log.jsonl'), '{"event":"step","step":999,"loss":1}\n', { flag: 'a' });
    const resumed = await infnet(['train', '--out', out, '--resume']);
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(bitsOf(out)).toEqual(bitsOf(whole));
    expect(logOf(out, 'epoch').map(({ loss, metrics }) => [loss, metrics])).toEqual(
      logOf(whole, 'epoch').map(({ loss, metrics }) => [loss, metrics]),
    );
  });

  it('a finished run goes on, but not as another kind of training', async () => {
    const out = join(folder, 'longer');
    cpSync(whole, out, { recursive: true });
    const refused = await infnet(['train', '--out', out, '--resume', '--loss', 'as-released', '--momentum', '0.9']);
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.stderr).toMatch(/--momentum was 0.7, not 0.9; --loss was cross-entropy, not as-released/);
  });

  it('goes on from its own weights with another size, and not with what their channels do not mean', async () => {
    const weights = join(whole, 'checkpoints', 'final.safetensors');
    const args = ['train', '--data', data, '--weights', weights, '--epochs', '1', '--multi-class', '--batch', '4'];
    const ran = await infnet([...args, '--out', join(folder, 'on'), '--size', '48', '--validate', 'none', '--json']);
    expect(ran.code, ran.stderr).toBe(0);
    expect(JSON.parse(ran.stdout)).toMatchObject({ settings: { width: 0.0625 }, best: null });
    const refused = await infnet([...args, '--out', join(folder, 'mixed'), '--size', '48', '--loss', 'as-released']);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('Give --loss cross-entropy') });
    expect(existsSync(join(folder, 'mixed'))).toBe(false);
  });

  it('as released: labels and channels of the released loader, three sigmoids', async () => {
    const out = join(folder, 'released');
    const ran = await infnet([
      ...['train', '--data', data, '--out', out, '--epochs', '2', '--loss', 'as-released', '--recompute', '--json'],
      ...QUICK_CLASSES,
      // Slice 2's labels at this size are what the released code ends at.
      ...['--validate', '2'],
    ]);
    expect(ran.code, ran.stderr).toBe(0);
    // Binary cross entropy of three channels that know nothing is log 2 each, softmax over three classes log 3.
    const [first] = logOf(out, 'step').map(({ loss }) => loss as number);
    expect(first).toBeGreaterThan(0.5);
    expect(first).toBeLessThan(1);
    const { metadata } = readSafetensors(new Uint8Array(readFileSync(join(out, 'checkpoints', 'final.safetensors'))));
    expect(metadata.get('channel_order')).toBe('as-released');
  });
});

describe('what is refused before anything is written', () => {
  const out = join(folder, 'refused');
  const refuse = async (args: readonly string[], pattern: RegExp): Promise<void> => {
    const { code, stderr } = await infnet(['train', '--out', out, '--size', '32', ...args]);
    expect(stderr).toMatch(pattern);
    expect(code).toBe(2);
    expect(existsSync(out)).toBe(false);
  };
  const spoiled = (name: string, change: (files: Map<string, Uint8Array>) => void): string =>
    writeClassPhantoms(join(folder, name), change);
  const ofClasses = ['--multi-class', '--data', data];

  it.each([
    [
      'labels that the released code ends at',
      [...ofClasses, '--loss', 'as-released'],
      /DATA_RELEASED_LABEL.*GT\/2\.png.*--loss cross-entropy/s,
    ],
    [
      'turned slices as released',
      [...ofClasses, '--loss', 'as-released', '--augment', 'mild'],
      /the released code has none/,
    ],
    [
      "options of Inf-Net's",
      [...ofClasses, '--backbone', 'vgg16', '--scales', '1,2'],
      /--scales, --backbone: not with --multi-class/,
    ],
    ['semi-supervised', [...ofClasses, '--semi', '--unlabelled', data], /--semi, --unlabelled: not with --multi-class/],
    ['a loss of masks', [...ofClasses, '--loss', 'dice'], /--loss dice is for infection masks/],
    ['a loss of classes without classes', ['--data', data, '--loss', 'cross-entropy'], /Add --multi-class/],
    ['a size that vanishes', [...ofClasses, '--size', '16'], /--size 16 is too small.*at least 32/s],
  ])('%s', async (_name, args, pattern) => {
    await refuse(args, pattern);
  });

  it('slices without priors, all or one of them', async () => {
    const none = spoiled('no-priors', (files) => {
      for (let i = 0; i < 5; i++) files.delete(`Prior/${i}.png`);
    });
    await refuse(['--multi-class', '--data', none], /CLI_PRIOR.*no folder Prior.*infnet pseudo-label/s);
    const one = spoiled('one-prior', (files) => files.delete('Prior/2.png'));
    await refuse(['--multi-class', '--data', one], /DATA_DATASET.*image without prior, 1: Imgs\/2\.png/s);
  });

  it('masks that are no class maps', async () => {
    const grey = encodePng({ width: 64, height: 70, data: new Uint8Array(64 * 70).fill(77) });
    const bad = spoiled('grey', (files) => files.set('GT/0.png', grey));
    await refuse(['--multi-class', '--data', bad], /DATA_DATASET.*GT\/0\.png.*77/s);
  });

  it("weights of another net, or of another number of classes, and Inf-Net's training from a U-Net", async () => {
    const file = join(folder, 'four.safetensors');
    writeFileSync(file, unetWeights({ width: 1 / 16, outputChannels: 4 }));
    await refuse([...ofClasses, '--weights', file], /CLI_WRONG_NET.*takes 6 channels and tells 4 classes/s);
    const unet = join(folder, 'unet.safetensors');
    writeFileSync(unet, unetWeights());
    await refuse(['--data', data, '--weights', unet], /CLI_WRONG_NET/);
  });
});
