/** `infnet evaluate` in this process: the reference's figures through files, a net's own, reports, what is refused. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeSafetensors } from '@infnet/checkpoint';
import { encodePng, finalPngU8, minMaxNormalize, phantomSlice, readNpy } from '@infnet/data';
import { evaluateMap, SCORE_NAMES, surfaceScores } from '@infnet/metrics';
import { loadGolden } from '@infnet/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { infnet, recipeWeights, temporaryFolder, write } from './support.js';

type Row = Readonly<Record<string, unknown>>;
interface Evaluated extends Row {
  readonly slices: readonly Row[];
  readonly errors: readonly { readonly file: string; readonly code: string; readonly message: string }[];
}

/** Folders below a new one, with their files. */
function folders(tree: Readonly<Record<string, Readonly<Record<string, Uint8Array | string>>>>): string {
  const root = temporaryFolder();
  for (const [name, files] of Object.entries(tree)) {
    mkdirSync(join(root, name));
    write(join(root, name), files);
  }
  return root;
}

async function evaluated(root: string, ...more: readonly string[]): Promise<{ code: number; document: Evaluated }> {
  const argv = ['evaluate', '--pred', join(root, 'pred'), '--gt', join(root, 'gt'), '--json', ...more];
  const { code, stdout, stderr } = await infnet(argv);
  if (code > 1) throw new Error(stderr);
  return { code, document: JSON.parse(stdout) };
}

/** A disc of `radius` at (x, y), as bytes. */
function disc(side: number, x: number, y: number, radius: number): Uint8Array {
  return Uint8Array.from({ length: side * side }, (_, i) =>
    Math.hypot((i % side) - x, Math.floor(i / side) - y) <= radius ? 255 : 0,
  );
}

function grey(data: Uint8Array | Uint16Array, width = Math.sqrt(data.length)): Uint8Array {
  return encodePng({ width, height: data.length / width, data });
}

/** RGB; grey only when the two are the same. */
function colour(red: Uint8Array, others: Uint8Array): Uint8Array {
  const data = Uint8Array.from(
    { length: 3 * red.length },
    (_, i) => (i % 3 === 0 ? red : others)[Math.floor(i / 3)] ?? 0,
  );
  return encodePng({ width: SIDE, height: SIDE, channels: 3, data });
}

const SIDE = 32;
const blank = new Uint8Array(SIDE * SIDE);
const lesion = disc(SIDE, 14, 14, 7);
const soft = Uint8Array.from(disc(SIDE, 16, 14, 7), (v, i) => (v === 255 ? 140 + (i % 100) : i % 50));

describe('the reference, as released', async () => {
  type Aggregate = Readonly<Record<string, number | null>> & { readonly images: readonly number[] };
  const golden = await loadGolden<{
    readonly cases: readonly { readonly case: string; readonly variant: string; readonly shape: [number, number] }[];
    readonly aggregates: Readonly<Record<string, Aggregate>>;
  }>('metrics/metrics');
  const { cases, aggregates } = golden.json;
  const u8 = cases.filter(({ variant }) => variant === 'u8');
  // The reference's masks are 0 and 1.
  const OPTIONS = ['--conventions', 'as-released', '--masks', 'nonzero', '--bootstrap', '0'];
  const NAMES = {
    meanDice: 'mean_dice',
    meanSensitivity: 'mean_sensitivity',
    meanSpecificity: 'mean_specificity',
    meanEMeasure: 'mean_emeasure',
    meanPrecision: 'mean_precision',
    meanIou: 'mean_iou',
    maxDice: 'max_dice',
    maxSensitivity: 'max_sensitivity',
    maxSpecificity: 'max_specificity',
    maxEMeasure: 'max_emeasure',
    sMeasure: 'Sm',
    mae: 'MAE',
  };

  it.each(['all_12', 'without_full_mask', 'first_7_ordinary'])('%s: aggregates to 1e-9', async (set) => {
    const wanted = aggregates[`u8/${set}/thresholds_k_over_255`] as Aggregate;
    const chosen = wanted.images.map((i) => u8[i] as (typeof u8)[number]);
    const files = (tensor: string, ending: string): Record<string, Uint8Array> =>
      Object.fromEntries(
        chosen.map(({ case: name, shape }) => [`${name}${ending}`, grey(golden.u8(`${name}/${tensor}`), shape[1])]),
      );
    const root = folders({ pred: files('pred_u8', '.prob.png'), gt: files('mask', '.png') });
    const { code, document } = await evaluated(root, ...OPTIONS);
    expect(code).toBe(0);
    expect(document.slices).toHaveLength(wanted.images.length);
    for (const [name, key] of Object.entries(NAMES)) {
      const expected = wanted[key];
      if (expected === null) expect(document[name], name).toBe('NaN');
      else expect(Math.abs((document[name] as number) - (expected as number)), name).toBeLessThan(1e-9);
    }
  });
});

describe('maps in files', () => {
  it('scores are those of @infnet/metrics, with intervals that a seed repeats', async () => {
    const others = [2, 5, 8].map((radius): [string, Uint8Array] => [`${radius}.png`, grey(disc(SIDE, 15, 15, radius))]);
    const root = folders({
      pred: { '1.png': grey(soft), ...Object.fromEntries(others) },
      gt: Object.fromEntries(['1', '2', '5', '8'].map((name) => [`${name}.png`, grey(lesion)])),
    });
    const { document } = await evaluated(root, '--threshold', '0.6', '--seed', '3');
    const expected = evaluateMap(soft, lesion, {
      width: SIDE,
      height: SIDE,
      conventions: 'sane',
      stretch: false,
      threshold: 0.6,
    });
    const [first] = document.slices;
    expect(first).toMatchObject({ name: '1', width: SIDE, height: SIDE, resizedFrom: null, counts: expected.counts });
    for (const name of SCORE_NAMES) expect(first?.[name], name).toBe(expected[name]);
    const mean = document.slices.reduce((sum, slice) => sum + (slice['dice'] as number), 0) / 4;
    expect(document['dice']).toBeCloseTo(mean, 12);
    const { dice } = document['intervals'] as { readonly dice: { readonly low: number; readonly high: number } };
    expect(dice.low).toBeLessThan(mean);
    expect(dice.high).toBeGreaterThan(mean);
    const again = await evaluated(root, '--threshold', '0.6', '--seed', '3');
    expect(again.document['intervals']).toEqual(document['intervals']);
    const other = await evaluated(root, '--threshold', '0.6', '--seed', '4');
    expect(other.document['intervals']).not.toEqual(document['intervals']);
  });

  it('a map of 16 bits, a stretched one, and one of another size', async () => {
    const deep = Uint16Array.from(soft, (v) => v * 257);
    const small = Uint8Array.from({ length: 16 * 16 }, (_, i) => (i % 16 < 8 ? 128 : 0));
    const half = Uint8Array.from({ length: SIDE * SIDE }, (_, i) => (i % SIDE < SIDE / 2 ? 255 : 0));
    const root = folders({
      pred: { 'deep.png': grey(deep), 'small.png': grey(small) },
      gt: { 'deep.png': grey(lesion), 'small.png': grey(half) },
    });
    const { document } = await evaluated(root, '--threshold', String(128 / 255));
    const plain = evaluateMap(soft, lesion, { width: SIDE, height: SIDE, conventions: 'sane', stretch: false });
    const [first, second] = document.slices;
    expect(first?.['meanDice']).toBeCloseTo(plain.meanDice, 12);
    expect(second).toMatchObject({ resizedFrom: [16, 16], width: SIDE, height: SIDE });
    // Flat regions keep their value exactly, so they are still at the threshold; one column of 32 is in between.
    expect(second?.['counts']).toEqual({ tp: 15 * SIDE, fp: 0, fn: SIDE, tn: 16 * SIDE });
    expect(document['notes']).toContainEqual(expect.stringContaining('1 of 2 maps had another size'));
    const stretched = await evaluated(root, '--stretch', '--surface');
    const expected = evaluateMap(soft, lesion, { width: SIDE, height: SIDE, conventions: 'sane', stretch: true });
    expect(stretched.document.slices[0]?.['counts']).toEqual(expected.counts);
    expect(stretched.document.slices[0]?.['dice']).toBeCloseTo(expected.dice, 12);
  });

  it('surface distances in mm are those of the thresholded map', async () => {
    const root = folders({
      pred: { '1.png': grey(soft), '2.png': grey(blank) },
      gt: { '1.png': grey(lesion), '2.png': grey(lesion) },
    });
    const { document } = await evaluated(root, '--spacing', '0.5,2');
    const positive = soft.map((v) => (v >= 127.5 ? 255 : 0));
    const expected = surfaceScores(positive, lesion, { shape: [SIDE, SIDE], spacing: [0.5, 2] });
    expect(document.slices[0]).toMatchObject({
      hausdorff95: expected.hausdorff95,
      averageSurfaceDistance: expected.averageSurfaceDistance,
    });
    // Nothing found: the distance is infinite, which JSON has as a text, and the mean is over the other slice.
    expect(document.slices[1]).toMatchObject({ hausdorff95: 'Infinity', dice: 0 });
    expect(document['surface']).toMatchObject({
      hausdorff95: { mean: expected.hausdorff95, median: expected.hausdorff95, slices: 2, infinite: 1 },
    });
    expect(document['settings']).toMatchObject({ spacing: [0.5, 2], unit: 'mm' });
  });

  it('takes .prob.png before .mask.png unless told otherwise, and never an overlay', async () => {
    const root = folders({
      pred: {
        '1.prob.png': grey(soft),
        '1.mask.png': grey(lesion),
        '1.overlay.png': colour(lesion, blank),
        'summary.csv': 'file\n',
        'notes.txt': 'x',
      },
      gt: { '1.png': grey(lesion) },
    });
    const { document } = await evaluated(root);
    expect(document['settings']).toMatchObject({ kind: 'prob' });
    expect(document['ignored']).toEqual([join(root, 'pred', 'notes.txt')]);
    expect(document['dice']).toBeLessThan(1);
    const masks = await evaluated(root, '--which', 'mask');
    expect(masks.code).toBe(0);
    expect(masks.document).toMatchObject({ dice: 1, settings: { kind: 'mask' } });
  });

  it('names every file that has no partner or cannot be used; the others are scored, exit code 1', async () => {
    const root = folders({
      pred: {
        '1.prob.png': grey(lesion),
        '2.prob.png': grey(lesion).subarray(0, 80),
        '3.prob.png': grey(lesion),
        '4.prob.png': grey(lesion),
        '5.prob.png': colour(lesion, lesion),
        '6.prob.png': colour(lesion, blank),
        '7.prob.png': grey(lesion),
      },
      gt: {
        '1.png': grey(lesion),
        '2.png': grey(lesion),
        '4.png': grey(soft),
        '5.png': grey(lesion),
        '6.png': grey(lesion),
        '7.png': grey(lesion),
        '7.PNG.png': grey(lesion),
        '8.png': grey(lesion),
        '7.jpg': 'a second mask of that name',
      },
    });
    const { code, document } = await evaluated(root);
    expect(code).toBe(1);
    expect(document['ok']).toBe(false);
    expect(document.slices.map(({ name }) => name)).toEqual(['1', '5']);
    expect(document.errors.map(({ file, code: why }) => [file.slice(root.length + 1), why])).toEqual([
      [join('pred', '3.prob.png'), 'CLI_UNPAIRED'],
      [join('gt', '7.jpg'), 'CLI_UNPAIRED'],
      [join('gt', '7.png'), 'CLI_UNPAIRED'],
      [join('gt', '7.PNG.png'), 'CLI_UNPAIRED'],
      [join('gt', '8.png'), 'CLI_UNPAIRED'],
      [join('pred', '2.prob.png'), 'DATA_TRUNCATED'],
      [join('gt', '4.png'), 'CLI_NOT_BINARY'],
      [join('pred', '6.prob.png'), 'CLI_NOT_GREY'],
    ]);
    const notBinary = document.errors.find(({ code: why }) => why === 'CLI_NOT_BINARY');
    expect(notBinary?.message).toMatch(/not as --masks binary has them: \d+ values: 0, 1, 2, 3, 4, 5, 6, 7, \.\.\./);
    const cut = await evaluated(root, '--masks', 'threshold');
    expect(cut.document.slices.map(({ name }) => name)).toEqual(['1', '4', '5']);
  });

  it('says what it noticed in files, and what is odd about all predictions or masks together', async () => {
    const inverted = lesion.map((v) => 255 - v);
    const traces = lesion.map((v, i) => (v > 0 ? 255 - (i % 7) : i % 3));
    const ones = lesion.map((v) => Math.min(v, 1));
    const root = folders({
      pred: { '1.png': grey(ones), '2.png': grey(ones), '3.png': grey(ones) },
      gt: { '1.png': grey(inverted), '2.png': grey(traces), '3.png': grey(lesion) },
    });
    const { document } = await evaluated(root, '--masks', 'nonzero');
    expect(document).toMatchObject({ dice: 0 });
    expect(document['notes']).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/2\.png: faint values 1, 2 count as infected/),
        expect.stringMatching(/^no prediction is above half: all pixels are 0, 1 of 255\. If these are masks/),
        expect.stringMatching(/^1 of 3 masks are infected all along their border .*: 1\.$/),
      ]),
    );
    const whole = folders({ pred: { '1.png': grey(soft) }, gt: { '1.png': grey(lesion) } });
    expect(JSON.stringify((await evaluated(whole)).document['notes'])).not.toMatch(/no prediction|border/);
  });

  it('a set without any infection: defined with sane conventions, all zero as released', async () => {
    const root = folders({
      pred: { '1.png': grey(blank), '2.png': grey(disc(SIDE, 9, 9, 4)) },
      gt: { '1.png': grey(blank), '2.png': grey(blank) },
    });
    const sane = await evaluated(root);
    expect(sane.document).toMatchObject({
      dice: 0.5,
      sensitivity: 'NaN',
      meanSensitivity: 'NaN',
      sMeasure: expect.any(Number),
    });
    expect(sane.document['intervals']).toMatchObject({ sensitivity: { low: 'NaN', high: 'NaN' } });
    expect(sane.document['notes']).toContainEqual(expect.stringContaining('2 of 2 masks have no infected pixel'));
    const released = await evaluated(root, '--conventions', 'as-released');
    expect(released.document).toMatchObject({ dice: 0, meanDice: 0, meanSensitivity: 0, meanSpecificity: 0 });
    const { stdout, code } = await infnet(['evaluate', '--pred', join(root, 'pred'), '--gt', join(root, 'gt')]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/sensitivity +n\/a$/m);
  });
});

describe('results', () => {
  const root = folders({
    pred: Object.fromEntries(
      [1, 2, 3, 4].map((i) => [`${i}.prob.png`, grey(disc(SIDE, 12 + i, 14, 7).map((v) => Math.min(v, 200)))]),
    ),
    gt: Object.fromEntries([1, 2, 3, 4].map((i) => [`${i}.png`, grey(lesion)])),
    images: { '1.png': grey(soft), '2.png': grey(soft), '4.png': 'no picture' },
  });
  const argv = (out: string, ...more: readonly string[]): string[] => [
    ...['evaluate', '--pred', join(root, 'pred'), '--gt', join(root, 'gt'), '--out', out, '--surface', ...more],
  ];

  it('prints a table, and writes a line for each slice, a document, a page that stands alone', async () => {
    const out = join(root, 'out');
    const { code, stdout, stderr } = await infnet(argv(out, '--worst', '1'));
    expect(stderr).toContain('Intervals drawn from 4 slices say little');
    expect(code).toBe(0);
    expect(stdout).toContain('4 slices evaluated; conventions sane, maps as they are');
    expect(stdout).toMatch(/at threshold 0\.5\n {2}Dice +0\.\d{4} {2}0\.\d{4} to 0\.\d{4}\n/);
    expect(stdout).toContain('surfaces, in pixels');
    expect(readdirSync(out).sort()).toEqual(['report.html', 'scores.csv', 'scores.json']);

    const [header, ...lines] = readFileSync(join(out, 'scores.csv'), 'utf8').trimEnd().split('\n');
    const columns = header?.split(',') ?? [];
    const document = JSON.parse(readFileSync(join(out, 'scores.json'), 'utf8')) as Evaluated;
    expect(lines.map((line) => line.split(',')[0])).toEqual(['1', '2', '3', '4']);
    for (const [i, line] of lines.entries()) {
      const cells = line.split(',');
      expect(cells).toHaveLength(columns.length);
      for (const name of [...SCORE_NAMES, 'hausdorff95'])
        expect(Number(cells[columns.indexOf(name)]), name).toBe(document.slices[i]?.[name]);
    }
    expect((document['curves'] as { readonly dice: readonly number[] }).dice).toHaveLength(256);

    const page = readFileSync(join(out, 'report.html'), 'utf8');
    for (const said of [
      '95 % interval',
      'E-measure',
      'Slices by their Dice',
      'Worst cases',
      'Best cases',
      '--images',
    ]) {
      expect(page).toContain(said);
    }
    // One worst and one best case of three pictures each.
    expect(page.match(/data:image\/png;base64,/g)).toHaveLength(6);
    expect(page.indexOf('>4</h3>')).toBeLessThan(page.indexOf('>2</h3>'));
    expect(page).not.toMatch(/(src|href)="(https?:)?\/\//);
  });

  it('draws the slices where they are given, and says which of them cannot be read', async () => {
    const out = join(root, 'with images');
    const { code, stderr } = await infnet(argv(out, '--images', join(root, 'images')));
    expect(code).toBe(1);
    expect(stderr).toContain(`${join(root, 'images', '4.png')} failed: [DATA_UNKNOWN_FORMAT]`);
    const page = readFileSync(join(out, 'report.html'), 'utf8');
    expect(page.match(/data:image\/png;base64,/g)).toHaveLength(12);
    expect(page).toContain('alt="slice 1"');
    expect(page).toContain('alt="map of 3"');
    expect(page).toContain('Not evaluated');
  });

  it('two runs write the same bytes', async () => {
    const [one, two] = [join(root, 'one'), join(root, 'two')];
    for (const out of [one, two]) expect((await infnet(argv(out))).code).toBe(0);
    for (const name of readdirSync(one)) expect(readFileSync(join(one, name))).toEqual(readFileSync(join(two, name)));
  });

  it('stopped by Ctrl-C it writes nothing', async () => {
    const out = join(root, 'stopped');
    const controller = new AbortController();
    controller.abort();
    const { code, stderr } = await infnet(argv(out), { signal: controller.signal });
    expect(stderr).toContain('stopped after 0 of 4 slices; nothing was written');
    expect(code).toBe(130);
    expect(readdirSync(out)).toEqual([]);
  });
});

describe('a net on a data set', () => {
  const root = temporaryFolder();
  const net = { backbone: 'res2net50', width: 0.125, channels: 4 } as const;
  const weights = join(root, 'w.safetensors');
  const asked = ['--weights', weights, '--size', '32'];
  const out = join(root, 'segmented');
  beforeAll(async () => {
    writeFileSync(weights, writeSafetensors([...recipeWeights(net)].map(([name, tensor]) => ({ name, ...tensor }))));
    for (const name of ['Imgs', 'GT']) mkdirSync(join(root, 'data', name), { recursive: true });
    for (let i = 0; i < 3; i++) {
      const { image, infection } = phantomSlice(40 + i, { width: 70 + i, height: 64, burden: 0.3 });
      write(join(root, 'data', 'Imgs'), { [`${i}.png`]: encodePng(image) });
      write(join(root, 'data', 'GT'), { [`${i}.png`]: encodePng(infection) });
    }
    const { code } = await infnet([
      ...['segment', join(root, 'data', 'Imgs'), '--out', out, '--batch', '2', '--format', 'npy', ...asked],
    ]);
    expect(code).toBe(0);
  });

  it("scores what infnet segment writes, at each slice's own size, and names files that are wrong", async () => {
    const results = join(root, 'results');
    write(join(root, 'data', 'Imgs'), { '7.png': grey(lesion) });
    const { code, stdout } = await infnet([
      ...['evaluate', '--data', join(root, 'data'), '--batch', '2', '--out', results, '--json', ...asked],
    ]);
    rmSync(join(root, 'data', 'Imgs', '7.png'));
    expect(code).toBe(1);
    const document = JSON.parse(stdout) as Evaluated;
    expect(document.errors).toMatchObject([{ file: join(root, 'data', 'Imgs', '7.png'), code: 'CLI_UNPAIRED' }]);
    expect(document.slices.map(({ width }) => width)).toEqual([70, 71, 72]);
    const files = await infnet(['evaluate', '--pred', out, '--gt', join(root, 'data', 'GT'), '--json']);
    const fromFiles = JSON.parse(files.stdout) as Evaluated;
    for (const name of SCORE_NAMES) {
      expect(document[name], name).toBe(fromFiles[name]);
      expect(document.slices.map((slice) => slice[name])).toEqual(fromFiles.slices.map((slice) => slice[name]));
    }
    const page = readFileSync(join(results, 'report.html'), 'utf8');
    expect(page.match(/data:image\/png;base64,/g)).toHaveLength(9);
    expect(page).toContain('res2net50');
  });

  it('as released: the map that the released test code writes, of the held-out slice alone', async () => {
    const { code, stdout } = await infnet([
      ...[
        'evaluate',
        '--data',
        join(root, 'data'),
        '--validate',
        '1',
        '--conventions',
        'as-released',
        '--json',
        ...asked,
      ],
    ]);
    expect(code).toBe(0);
    const document = JSON.parse(stdout) as Evaluated;
    expect(document.slices.map(({ name }) => name)).toEqual(['1']);
    const { data } = readNpy(new Uint8Array(readFileSync(join(out, '1.logits.npy'))));
    const released = finalPngU8(minMaxNormalize(Float32Array.from(data, (x) => 1 / (1 + Math.exp(-x)))));
    const tree = folders({
      pred: { '1.png': grey(released) },
      gt: { '1.png': new Uint8Array(readFileSync(join(root, 'data', 'GT', '1.png'))) },
    });
    const wanted = await evaluated(tree, '--conventions', 'as-released');
    // The batch is another one, which may move the logits by their last bits.
    expect(document['meanDice']).toBeCloseTo(wanted.document['meanDice'] as number, 3);
    expect(document.slices[0]).toMatchObject({ resizedFrom: [32, 32], width: 71, height: 64 });
    expect(document['settings']).toMatchObject({ stretch: true });
  });

  it('refuses sizes and parts that cannot be', async () => {
    const command = ['evaluate', '--data', join(root, 'data'), '--weights', weights];
    const size = await infnet([...command, '--size', '50']);
    expect([size.code, size.stderr]).toEqual([2, expect.stringContaining('--size 50 is no multiple of 32')]);
    const part = await infnet([...command, '--size', '32', '--validate', '9']);
    expect([part.code, part.stderr]).toEqual([2, expect.stringContaining('has no positions 9')]);
    const data = await infnet(['evaluate', '--data', join(root, 'nowhere'), '--weights', weights]);
    expect([data.code, data.stderr]).toEqual([2, expect.stringContaining('FILE_NOT_FOUND')]);
  });
});

it('has help', async () => {
  const { code, stdout } = await infnet(['evaluate', '--help']);
  expect(code).toBe(0);
  for (const said of ['--pred', '--conventions', '--spacing', 'resized bilinearly', 'nothing is written then'])
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(said);
});

describe('what is refused, exit code 2 and nothing written', () => {
  const root = folders({
    pred: { 'a.prob.png': grey(lesion) },
    gt: { 'b.png': grey(lesion) },
    masks: { 'a.mask.png': grey(lesion) },
    empty: {},
    texts: { 'a.txt': 'x' },
    bad: { 'b.png': grey(lesion).subarray(0, 70) },
    results: { 'a.overlay.png': colour(lesion, blank) },
  });
  const at = (name: string): string => join(root, name);

  it.each([
    [['--pred', at('pred'), '--gt', at('gt')], 'No prediction has a mask of its name. Predictions: a. Masks: b.'],
    [['--pred', at('nowhere'), '--gt', at('gt')], 'There is no such folder.'],
    [['--pred', at('pred'), '--gt', at('nowhere')], 'There is no such folder.'],
    [['--pred', join(at('pred'), 'a.prob.png'), '--gt', at('gt')], 'It is a file, not a folder.'],
    [['--pred', at('empty'), '--gt', at('gt')], 'The folder has no files.'],
    [
      ['--pred', at('pred'), '--gt', at('texts')],
      'None of the 1 files in the folder is a picture or a volume (1 text).',
    ],
    [['--pred', at('results'), '--gt', at('gt')], 'The folder has no predictions.'],
    [['--pred', at('masks'), '--gt', at('gt'), '--which', 'prob'], 'The folder has no .prob.png or .prob.nii.gz.'],
    [['--pred', at('bad'), '--gt', at('gt')], 'None of 1 slices could be scored'],
    [['--pred', at('pred')], '--pred needs --gt.'],
    [['--data', at('pred')], '--data needs --weights.'],
    [[], 'What to evaluate is not said.'],
    [['--pred', at('pred'), '--gt', at('gt'), '--size', '64'], 'not both'],
    [['--pred', at('pred'), '--gt', at('gt'), '--spacing', '1'], '--spacing has 1 numbers, not 2'],
    [['--pred', at('pred'), '--gt', at('gt'), '--threshold', '1.5'], 'Give a number between 0 and 1'],
    [['--data', at('pred'), '--weights', 'w', '--validate', 'some'], 'Give a share like 0.2'],
  ])('%j', async (more, said) => {
    const out = at('out');
    const { code, stdout, stderr } = await infnet(['evaluate', '--out', out, ...more]);
    expect(stderr.replaceAll(/\s+/g, ' ')).toContain(said);
    expect(stdout).toBe('');
    expect(code).toBe(2);
    expect(existsSync(out) ? readdirSync(out) : []).toEqual([]);
  });
});
