/** `infnet train` in this process: what it writes, how it stops and goes on, what it refuses. */
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSafetensors } from '@infnet/checkpoint';
import { encodePng, withPngText } from '@infnet/data';
import { beforeAll, describe, expect, it } from 'vitest';
import { main } from '../src/index.js';
import { infnet, phantomPng, temporaryFolder } from './support.js';
import { bitsOf, logOf, QUICK, STEPS_PER_EPOCH, writePhantoms } from './train-support.js';

const folder = temporaryFolder();
const data = writePhantoms(join(folder, 'data'));
const whole = join(folder, 'whole');
const EPOCHS = 3;

describe('a training', () => {
  let document: Record<string, unknown>;
  let told = '';
  beforeAll(async () => {
    const { code, stdout, stderr } = await infnet([
      ...['train', '--data', data, '--out', whole, '--epochs', String(EPOCHS), '--json'],
      ...QUICK,
    ]);
    expect(stderr).not.toContain('infnet: [');
    expect(code).toBe(0);
    document = JSON.parse(stdout);
    told = stderr;
  });

  it('says in JSON what it did', () => {
    expect(document).toMatchObject({
      command: 'train',
      ok: true,
      stopped: 'finished',
      slices: { train: ['0', '1', '2', '3'], validation: ['4'] },
      position: { epoch: EPOCHS, step: EPOCHS * STEPS_PER_EPOCH },
      last: { event: 'epoch', epoch: EPOCHS, metrics: { dice: expect.any(Number), iou: expect.any(Number) } },
      best: { metrics: { dice: expect.any(Number) } },
      errors: [],
    });
  });

  it('logs every step and every epoch', () => {
    expect(logOf(whole, 'step').map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6]);
    const [first, second] = logOf(whole, 'step').map(({ loss }) => loss as number);
    expect(logOf(whole, 'epoch').map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
    expect(logOf(whole, 'epoch')[0]?.['loss']).toBeCloseTo(((first as number) + (second as number)) / 2, 10);
  });

  it('tells the memory of a step before it starts, within 10 % of what is then allocated', () => {
    const { predicted, allocatedBytes } = document['memory'] as {
      readonly predicted: { readonly total: number };
      readonly allocatedBytes: number;
    };
    expect(Math.abs(allocatedBytes / predicted.total - 1)).toBeLessThan(0.1);
    expect(told.indexOf('a training step needs')).toBeLessThan(told.indexOf('epoch 1 of'));
    expect(told).toContain('a training step needs');
  });

  it('writes a run folder: settings, log, state, weights, overlays, a page that stands alone', async () => {
    expect(readdirSync(whole).sort()).toEqual(['checkpoints', 'config.json', 'log.jsonl', 'report.html', 'samples']);
    expect(readdirSync(join(whole, 'checkpoints')).sort()).toEqual([
      'best.safetensors',
      'final.safetensors',
      'last.safetensors',
      'previous.safetensors',
    ]);
    expect(readdirSync(join(whole, 'samples', '4'))).toEqual([
      'epoch-0001.png',
      'epoch-0002.png',
      'epoch-0003.png',
      'truth.png',
    ]);
    const page = readFileSync(join(whole, 'report.html'), 'utf8');
    for (const text of ['map 2 (the prediction)', 'Validation by epoch', 'epoch 3', 'data:image/png;base64,']) {
      expect(page).toContain(text);
    }
    expect(page).not.toMatch(/(src|href)="(https?:)?\/\//);
    const { metadata, tensors } = readSafetensors(
      new Uint8Array(readFileSync(join(whole, 'checkpoints', 'final.safetensors'))),
    );
    expect(metadata.get('made_by')).toBe('infnet train');
    expect(metadata.get('trained_on')).toBe('4 phantoms of infnet');
    expect(tensors.get('resnet.bn1.num_batches_tracked')?.data).toEqual(
      BigInt64Array.of(BigInt(EPOCHS * STEPS_PER_EPOCH)),
    );
  });

  it('gives weights that infnet segment takes', async () => {
    const out = join(folder, 'segmented');
    const weights = join(whole, 'checkpoints', 'best.safetensors');
    const { code } = await infnet([
      ...['segment', join(data, 'Imgs', '4.png'), '--weights', weights, '--out', out, '--size', '32'],
    ]);
    expect(code).toBe(0);
    expect(existsSync(join(out, '4.overlay.png'))).toBe(true);
  });

  it('weights that learned from phantoms say so wherever they are loaded, after a further training on slices too', async () => {
    const warned = async (weights: string): Promise<string> => {
      const argv = ['segment', join(data, 'Imgs', '4.png'), '--out', join(folder, 'warned'), '--size', '32', '--json'];
      const { stdout, stderr } = await infnet([...argv, '--weights', weights]);
      return `${JSON.parse(stdout).provenance.trainedOn}; ${stderr}`;
    };
    const first = join(whole, 'checkpoints', 'final.safetensors');
    expect(await warned(first)).toMatch(/^4 phantoms of infnet; .*These weights were trained on phantoms:/s);
    // The same slices without the mark that infnet leaves on phantoms.
    const plain = writePhantoms(join(folder, 'plain'), (files) => {
      for (const [path, bytes] of files) files.set(path, withPngText(bytes, 'Source', undefined));
    });
    const out = join(folder, 'further');
    const { code, stderr } = await infnet([
      ...['train', '--data', plain, '--out', out, '--weights', first, '--epochs', '1', '--size', '32', '--batch', '2'],
      ...['--validate', '4'],
    ]);
    expect(code, stderr).toBe(0);
    expect(await warned(join(out, 'checkpoints', 'final.safetensors'))).toMatch(
      /^4 slices, after 4 phantoms of infnet; .*on phantoms in part/s,
    );
  });

  it('stopped by Ctrl-C it saves, says how to go on, and then ends with the same bits', async () => {
    const out = join(folder, 'stopped');
    const controller = new AbortController();
    let stderr = '';
    const code = await main(['train', '--data', data, '--out', out, '--epochs', String(EPOCHS), ...QUICK], {
      stdout: { write: () => true },
      stderr: {
        write: (text) => {
          stderr += text;
          // In the middle of the second epoch.
          if (logLines(out).filter((line) => line.includes('"event":"step"')).length === 3) controller.abort();
        },
        isTTY: true,
      },
      signal: controller.signal,
    });
    expect(code).toBe(130);
    expect(stderr).toContain(`Continue with: infnet train --out ${out} --resume`);
    expect(existsSync(join(out, 'checkpoints', 'final.safetensors'))).toBe(false);
    const before = logOf(out, 'step').length;
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThan(EPOCHS * STEPS_PER_EPOCH);
    // As a kill leaves it: lines of steps that the state does not know, and half of one.
    writeFileSync(join(out, 'log.jsonl'), '{"event":"step","step":999,"loss":1}\n{"event":"st', { flag: 'a' });
    const resumed = await infnet(['train', '--out', out, '--resume']);
    expect(resumed.code).toBe(0);
    expect(bitsOf(out)).toEqual(bitsOf(whole));
    expect(logOf(out, 'step').map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(logOf(out, 'epoch').map(({ loss }) => loss)).toEqual(logOf(whole, 'epoch').map(({ loss }) => loss));
    expect(logOf(out, 'resume')).toHaveLength(1);
  });

  it('finished it goes on with more epochs, and with no other change that would make a resumed run another one', async () => {
    const out = join(folder, 'longer');
    cpSync(whole, out, { recursive: true });
    const refused = await infnet(['train', '--out', out, '--resume', '--size', '64', '--batch', '4']);
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.stderr).toMatch(/--size was 32, not 64; --batch was 2, not 4/);
    expect(bitsOf(out)).toEqual(bitsOf(whole));
    const { code, stderr } = await infnet(['train', '--out', out, '--resume', '--epochs', '4', '--lr', '1e-4']);
    expect(stderr).toContain('from now on --epochs 4 (was 3)');
    expect(code).toBe(0);
    expect(logOf(out, 'epoch').map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4]);
    expect(logOf(out, 'epoch').at(-1)).toMatchObject({ learningRate: 1e-4 });
  });

  it('a run whose config.json an older version wrote goes on, and has the settings that it was given since', async () => {
    const out = join(folder, 'older');
    cpSync(whole, out, { recursive: true });
    // As infnet wrote it at a8952f7, and an older one, which did not know of some settings.
    const older = JSON.parse(readFileSync(join(import.meta.dirname, 'config-a8952f7.json'), 'utf8'));
    older.settings.data = data;
    const since = { snapshotMinutes: 5 };
    expect(JSON.parse(readFileSync(join(whole, 'config.json'), 'utf8'))).toEqual({
      ...older,
      settings: { ...older.settings, ...since },
    });
    const { window: _w, orient: _o, emptyMasks: _e, cache: _c, multiClass: _m, ...known } = older.settings;
    writeFileSync(join(out, 'config.json'), JSON.stringify({ ...older, settings: known }));
    const { code, stderr } = await infnet(['train', '--out', out, '--resume', '--epochs', '4', '--cache', '99']);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('from now on --cache 99 (was 1024)');
    expect(JSON.parse(readFileSync(join(out, 'config.json'), 'utf8')).settings).toEqual({
      ...older.settings,
      ...since,
      epochs: 4,
      cache: 99,
    });
    const refused = await infnet(['train', '--out', out, '--resume', '--window', 'minmax']);
    expect(refused.stderr).toMatch(/--window was lung, not minmax/);
  });

  it('values that are not finite stop it: step, files and largest gradients are named, the last good state is kept', async () => {
    const out = join(folder, 'diverged');
    const { code, stderr } = await infnet([
      ...['train', '--data', data, '--out', out, '--epochs', '9', ...QUICK, '--lr', '1e30'],
    ]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/\[TRAINING_NOT_FINITE\].*in step 2 .*Imgs\/\d\.png, Imgs\/\d\.png.*largest gradients: \S+/);
    expect(logOf(out, 'problem')).toHaveLength(1);
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('stopped by an error after step 1');
    const { tensors } = readSafetensors(new Uint8Array(readFileSync(join(out, 'checkpoints', 'last.safetensors'))));
    expect(tensors.size).toBeGreaterThan(100);
  });
});

describe('what is refused before anything is written', () => {
  const out = join(folder, 'refused');
  const refuse = async (args: readonly string[], pattern: RegExp): Promise<void> => {
    const { code, stderr } = await infnet(['train', '--out', out, ...args]);
    expect(stderr).toMatch(pattern);
    expect(code).toBe(2);
    expect(existsSync(out)).toBe(false);
  };
  const spoiled = (name: string, change: (files: Map<string, Uint8Array>) => void): string =>
    writePhantoms(join(folder, name), change);
  const grey = (value: number): Uint8Array =>
    encodePng({ width: 64, height: 70, data: new Uint8Array(64 * 70).fill(value) });

  it.each([
    ['no data', [], /\[CLI_USAGE\].*--data/s],
    ['a size that does not fit', ['--data', data, '--size', '100'], /Give 96 or 128/],
    ['a validation that is not understood', ['--data', data, '--size', '32', '--validate', 'some'], /--validate some/],
    ['two kinds of clip', ['--data', data, '--size', '32', '--clip', '1', '--clip-norm', '2'], /do not go together/],
    ['no epoch at all', ['--data', data, '--epochs', '0'], /--epochs 0 would train nothing/],
    ['a rate of zero', ['--data', data, '--lr', '0'], /Give a number above 0/],
    ['a rate that float32 has not', ['--data', data, '--lr', '1e39'], /Give a number above 0, up to 3\.4/],
    ['a rate that float32 takes for 0', ['--data', data, '--lr', '1e-60'], /Give a number above 0/],
    ['a scale that float32 has not', ['--data', data, '--scales', '1,1e39'], /Give numbers above 0/],
    ['a seed that is none', ['--data', data, '--seed', 'NaN'], /Give a whole number from 0/],
    ['validation never', ['--data', data, '--validate-every', '0'], /Give a whole number of at least 1/],
    [
      'patience without validation',
      ['--data', data, '--patience', '3', '--validate', 'none'],
      /CLI_USAGE.*--patience 3.*--validate none/,
    ],
    ['momentum of adam', ['--data', data, '--momentum', '0.9'], /CLI_USAGE.*--momentum is of --optimizer sgd/],
    [
      'patience of a semi-supervised training',
      ['--data', data, '--semi', '--unlabelled', data, '--patience', '2'],
      /CLI_USAGE.*--patience: not with --semi/,
    ],
    [
      'a batch that the labelled slices do not fill',
      ['--data', data, '--semi', '--unlabelled', data, '--size', '32', '--batch', '8', '--width', '0.125'],
      /CLI_USAGE.*--batch 8 is more than the 4 slices/,
    ],
    ['a folder that is not there', ['--data', join(folder, 'none'), '--size', '32'], /FILE_NOT_FOUND/],
    ['weights that are not there', ['--data', data, '--weights', join(folder, 'none.pth')], /FILE_NOT_FOUND/],
  ])('%s', async (_name, args, pattern) => {
    await refuse(args, pattern);
  });

  it('an image without a mask', async () => {
    const bad = spoiled('no-mask', (files) => files.delete('GT/3.png'));
    await refuse(['--data', bad, '--size', '32'], /DATA_DATASET.*image without mask, 1: Imgs\/3\.png/s);
  });

  it('a mask of another size', async () => {
    const bad = spoiled('sizes', (files) => files.set('GT/3.png', phantomPng(1, 80, 90)));
    await refuse(['--data', bad, '--size', '32'], /DATA_DATASET.*GT\/3\.png \(80x90, its image 67x70\)/s);
  });

  it('an empty folder', async () => {
    const bad = spoiled('empty', (files) => files.clear());
    await refuse(['--data', join(bad), '--size', '32'], /DATA_DATASET|FILE_NOT_FOUND/);
  });

  it('a mask that is not binary', async () => {
    const data = Uint8Array.from({ length: 64 * 70 }, (_, i) => (i % 64 > 20 ? 77 : 0));
    const bad = spoiled('grey', (files) => files.set('GT/0.png', encodePng({ width: 64, height: 70, data })));
    await refuse(['--data', bad, '--size', '32'], /DATA_DATASET.*GT\/0\.png.*77.*--masks nonzero/s);
  });

  it('one class only', async () => {
    const bad = spoiled('healthy', (files) => {
      for (let i = 0; i < 5; i++) {
        files.set(`Imgs/${i}.png`, phantomPng(i, 64, 70));
        files.set(`GT/${i}.png`, grey(0));
      }
    });
    await refuse(['--data', bad, '--size', '32'], /DATA_DATASET.*no infected pixel in any/s);
  });

  it('a folder with a run in it, unless it is resumed; and to resume one without', async () => {
    const again = await infnet(['train', '--data', data, '--out', whole, ...QUICK]);
    expect(again).toMatchObject({ code: 2 });
    expect(again.stderr).toMatch(/\[CLI_RUN_FOLDER\].*--resume/s);
    await refuse(['--resume'], /\[CLI_RUN_FOLDER\].*no config\.json/s);
  });

  it('to go on with other slices, fewer epochs than are done, or settings that were spoilt by hand', async () => {
    const other = join(folder, 'other');
    const slices = writePhantoms(join(folder, 'other-data'));
    cpSync(whole, other, { recursive: true });
    const config = join(other, 'config.json');
    const change = (from: string, to: string): void => {
      expect(readFileSync(config, 'utf8')).toContain(from);
      writeFileSync(config, readFileSync(config, 'utf8').replace(from, to));
    };
    change(JSON.stringify(data), JSON.stringify(slices));
    const before = bitsOf(other);
    const resume = async (args: readonly string[], pattern: RegExp): Promise<void> => {
      const { code, stderr } = await infnet(['train', '--out', other, '--resume', ...args]);
      expect(stderr).toMatch(pattern);
      expect(code).toBe(2);
      expect(bitsOf(other)).toEqual(before);
    };
    await resume(['--epochs', '2'], /CLI_USAGE.*--epochs 2: epoch 3 of this run has begun.*at least 3/s);
    await resume(['--epochs', '0'], /CLI_USAGE.*--epochs 0/);
    change('"seed": 1', '"seed": 2');
    await resume([], /CLI_RUN_FOLDER.*--seed was 1, is 2/);
    change('"seed": 2', '"seed": "x"');
    await resume([], /CLI_USAGE.*--seed is x/);
    change('"seed": "x"', '"seed": 1');
    for (const kind of ['Imgs', 'GT']) renameSync(join(slices, kind, '0.png'), join(slices, kind, '00.png'));
    await resume(
      ['--epochs', '4'],
      /CLI_RUN_FOLDER.*names of the items was \w+, is \w+.*0 is missing, 00 was not there.*slices back as they were/s,
    );
  });

  it('a state that was damaged, by name, where there is none before it', async () => {
    const broken = join(folder, 'broken');
    cpSync(whole, broken, { recursive: true });
    rmSync(join(broken, 'checkpoints', 'previous.safetensors'));
    const file = join(broken, 'checkpoints', 'last.safetensors');
    writeFileSync(file, readFileSync(file).subarray(0, 1000));
    const { code, stderr } = await infnet(['train', '--out', broken, '--resume']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/TRAIN_STATE_DAMAGED.*CHECKPOINT_TRUNCATED.*last\.safetensors/s);
    rmSync(broken, { recursive: true });
  });
});

function logLines(run: string): readonly string[] {
  const file = join(run, 'log.jsonl');
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
}
