/** What the page makes of results: figures, table, what is stale. Pure, without a page. */
import { PROVENANCE_COLUMNS, type Provenance, type SliceOrientation, sliceLayout } from '@infnet/data';
import { thrownBy } from '@infnet/testing';
import { describe, expect, it } from 'vitest';
import { duration, percent, short } from '../src/app/format.js';
import { bounded, type Notice } from '../src/app/notices.js';
import { settledNumber } from '../src/app/number.js';
import { folderRole, withoutMasks } from '../src/app/slice-folders.js';
import { summaryCsv } from '../src/places/segment/csv.js';
import { figuresOf } from '../src/places/segment/figures.js';
import { differences, type Setting } from '../src/places/segment/stale.js';
import type { Item } from '../src/places/segment/state.js';
import type { TaskReport } from '../src/worker/task-protocol.js';
import { type StoredSettings, settingsOf, upToDate } from '../src/worker/train-settings.js';
import { turned } from '../src/worker/turn.js';

const made: Provenance = {
  version: '0.1.0',
  weights: 'a.safetensors',
  weightsSha256: 'a'.repeat(64),
  net: 'res2net50, width 1, 32 channels',
  size: 352,
  precision: 'exact',
  adapter: 'SwiftShader',
  time: '2026-12-01T10:00:00.000Z',
};
const ofVolume: Provenance = { ...made, window: [-1350, 150], orient: 'released' };
const set: Setting = { weightsSha256: made.weightsSha256, size: 352, view: { window: 'lung', orient: 'released' } };

/** Of 100 pixels, `60 - t` are at least t / 100. */
const counts = Uint32Array.from({ length: 101 }, (_, t) => Math.max(0, 60 - t));

const infection = {
  name: 'infection',
  summary: 'where a slice is infected',
  classes: [
    { name: 'background', short: 'background', key: 'background', colour: [0, 0, 0] },
    { name: 'infection', short: 'infected', key: 'infected', colour: [255, 96, 28] },
  ],
  isCut: true,
  maps: [],
  netOptions: [],
  sizeMultiple: 32,
} as const satisfies TaskReport;

/** Of several classes, counts are by class. */
const tissue: TaskReport = {
  ...infection,
  name: 'tissue',
  classes: [
    ...infection.classes.slice(0, 1),
    { name: 'ground-glass opacity', short: 'ground-glass', key: 'groundGlass', colour: [240, 72, 40] },
    { name: 'consolidation', short: 'consolidation', key: 'consolidation', colour: [84, 224, 128] },
  ],
  isCut: false,
};

function item(depth: number, done: number, more: Partial<Item> = {}): Item {
  const report = { id: 1, name: 'v.nii.gz', isVolume: depth > 1, width: 10, height: 10, depth, notes: [] };
  const results = Array.from({ length: done }, (_, slice) => ({
    slice,
    counts,
    pixels: 100,
    seconds: 0.5,
    made: depth > 1 ? ofVolume : made,
  }));
  const base = {
    report: { ...report, millilitresPerVoxel: 0.01 },
    path: depth > 1 ? 'p/v.nii.gz' : 'one.png',
    task: infection,
  };
  return { ...base, results, status: done === depth ? 'done' : 'stopped', ...more };
}

const rowsOf = (items: readonly Item[], threshold = 50, stale: (one: Item) => readonly string[] = () => []) =>
  summaryCsv(items, items.at(-1)?.task ?? infection, threshold, stale)
    .trimEnd()
    .split('\r\n')
    // Commas within quotes are none.
    .map((line) => line.split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/));

describe('figures', () => {
  it('are of the volume only where all its slices were segmented', () => {
    const part = figuresOf(item(300, 7), 50);
    expect(part).toMatchObject({ of: '7 of 300 slices', shares: [{ count: 70 }], pixels: 700 });
    expect(part?.shares[0]?.millilitres).toBeCloseTo(0.7, 12);
    expect(figuresOf(item(7, 7), 50)).toMatchObject({ of: 'volume', shares: [{ fraction: 0.1 }] });
    expect(figuresOf(item(1, 1), 20)).toMatchObject({ of: 'slice', shares: [{ fraction: 0.4 }] });
    expect(figuresOf(item(300, 0), 50)).toBeUndefined();
  });

  it('of several classes: each but the background, whatever the threshold', () => {
    const classCounts = Uint32Array.of(70, 20, 10);
    const [first, second] = item(2, 2).results;
    const results = [first, second].map((result) => result && { ...result, counts: classCounts });
    const ofClasses = item(2, 2, { task: tissue, results });
    for (const threshold of [1, 50]) {
      const { shares = [] } = figuresOf(ofClasses, threshold) ?? {};
      expect(shares.map((share) => [share.class.short, share.count, share.fraction])).toEqual([
        ['ground-glass', 40, 0.2],
        ['consolidation', 20, 0.1],
      ]);
    }
    const [header, , , all] = rowsOf([ofClasses]);
    expect(header?.slice(4, 10)).toEqual([
      ...['ground_glass_pixels', 'ground_glass_fraction', 'ground_glass_ml'],
      ...['consolidation_pixels', 'consolidation_fraction', 'consolidation_ml'],
    ]);
    expect(all?.slice(4, 10)).toEqual(['40', '0.200000', '0.400', '20', '0.100000', '0.200']);
  });

  it('of a part in the table: 7 of 300, and never all', () => {
    const rows = rowsOf([item(300, 7), item(2, 2)]);
    expect(rows.map(([, slice]) => slice)).toEqual([
      'slice',
      '0',
      '1',
      '2',
      '3',
      '4',
      '5',
      '6',
      '7 of 300',
      '0',
      '1',
      'all',
    ]);
    expect(rows[8]?.slice(0, 7)).toEqual(['p/v.nii.gz', '7 of 300', '10', '10', '70', '0.100000', '0.700']);
  });
});

describe('the table', () => {
  it('says of every row how it was made, with the threshold that is set', () => {
    const [header, row] = rowsOf([item(1, 1, { path: 'one.png' })], 25);
    const named = Object.fromEntries((header as string[]).map((name, i) => [name, row?.[i]]));
    expect(header?.slice(9)).toEqual([...PROVENANCE_COLUMNS, 'time']);
    expect(named).toMatchObject({
      infected_pixels: '35',
      weights: 'a.safetensors',
      weights_sha256: made.weightsSha256,
      input_size: '352',
      threshold: '0.25',
      adapter: 'SwiftShader',
      time: made.time,
    });
  });

  it('has no figure of what is stale, failed or was not segmented, and says why', () => {
    const error = { code: 'DATA_X', message: 'It broke.' };
    const items = [item(1, 1), item(1, 0, { status: 'new' }), item(3, 2, { status: 'failed', error })];
    const rows = rowsOf(items, 50, (one) => (one === items[0] ? ['other weights (b, 123)'] : []));
    expect(new Set(rows.map(({ length }) => length))).toEqual(new Set([10 + PROVENANCE_COLUMNS.length]));
    expect(rows[1]?.slice(0, 9).join('|')).toBe(
      'one.png||||||||"RESULT_STALE: made with other weights (b, 123); segment again"',
    );
    expect(rows[2]?.slice(1, 9).join('|')).toBe('|||||||RESULT_MISSING: not segmented');
    expect(rows.slice(3).map(([, slice, , , infected, , , , why]) => [slice, infected, why])).toEqual([
      ['0', '10', ''],
      ['1', '10', ''],
      ['2 of 3', '20', ''],
      ['', '', 'DATA_X: It broke.'],
    ]);
  });
});

describe('what is stale', () => {
  const volume = { isVolume: true, extremes: [-1024, 900] as const };
  it.each([
    ['as it is set', {}, []],
    ['other weights', { weightsSha256: 'b'.repeat(64) }, [/^other weights \(a\.safetensors, aaaaaaaaaaaa\)/]],
    ['another size', { size: 320 }, [/^another size \(352 pixels\)/]],
    ['the lung window in numbers', { view: { window: [-1350, 150], orient: 'released' } }, []],
    ['another window', { view: { window: [-1350, 151], orient: 'released' } }, [/window \(-1350 to 150\)/]],
    ['the full range', { view: { window: 'minmax', orient: 'released' } }, [/window/]],
    ['another orientation', { view: { window: 'lung', orient: 'upright' } }, [/orientation \(released\)/]],
    [
      'all of it',
      { weightsSha256: undefined, size: 32, view: { window: 'minmax', orient: 'upright' } },
      [/./, /./, /./, /./],
    ],
  ] satisfies [string, Partial<Setting>, RegExp[]][])('%s', (_, change, expected) => {
    const found = differences(ofVolume, volume, { ...set, ...change });
    expect(found).toHaveLength(expected.length);
    for (const [i, pattern] of expected.entries()) expect(found[i]).toMatch(pattern);
  });

  it('the full range of a volume is that of its values; pictures have no window', () => {
    const full = { ...ofVolume, window: [-1024, 900] as const };
    expect(differences(full, volume, { ...set, view: { window: 'minmax', orient: 'released' } })).toEqual([]);
    expect(differences(made, { isVolume: false }, { ...set, view: { window: 'minmax', orient: 'upright' } })).toEqual(
      [],
    );
  });
});

describe('maps of a volume that is looked at otherwise than it was segmented', () => {
  const ways: readonly SliceOrientation[] = ['released', 'upright', 'LA', 'RP', 'AR', 'PL', 'transposed', 'as-stored'];

  it.each(['LPS', 'RAS', 'PLI', 'SRA', 'AIL'])('lie where the tissue lies, in a volume stored %s', (orientation) => {
    const volume = { width: 4, height: 5, depth: 6, orientation };
    /** Which voxel each pixel shows. */
    const voxels = (orient: SliceOrientation) => {
      const { width, height, start, across, down } = sliceLayout(volume, orient);
      const data = Float32Array.from({ length: width * height }, (_, i) => {
        return start + (i % width) * across + Math.floor(i / width) * down;
      });
      return { width, height, data };
    };
    let drawn = 0;
    for (const from of ways) {
      for (const to of ways) {
        const map = turned(voxels(from), sliceLayout(volume, from), sliceLayout(volume, to));
        const isSameCut = sliceLayout(volume, from).axis === sliceLayout(volume, to).axis;
        expect(map, `${from} to ${to}`).toEqual(isSameCut ? voxels(to) : undefined);
        if (isSameCut) drawn++;
      }
    }
    expect(drawn).toBeGreaterThan(ways.length);
  });
});

describe('folders that are dropped', () => {
  const sort = (...paths: string[]) => {
    const { slices, masks, places } = withoutMasks(paths.map((path) => ({ path, file: new Blob([]) })));
    return [slices.map(({ path }) => path), masks.map(({ path }) => path), places];
  };

  it.each([
    ...[
      'GT',
      'gt',
      'masks',
      'Mask',
      'labels',
      'labelsTr',
      'labels_ts',
      'Infection_Mask',
      'ground-truth',
      'Ground Truth',
      'annotations',
    ].map((name) => [name, 'masks'] as const),
    ...['val-labels', 'pseudo-labels', 'Segmentations'].map((name) => [name, 'masks'] as const),
    ...['Edge', 'edges', 'boundary'].map((name) => [name, 'edges'] as const),
    ...['Imgs', 'images', 'imagesTr', 'CT_images', 'slices', 'train images', 'slices without masks', 'no_labels'].map(
      (name) => [name, 'images'] as const,
    ),
    ...['patient 1', 'unlabelled', 'unlabeled', 'magic', 'damaged', 'hospital', 'gtx', 'wedge', 'landmask'].map(
      (name) => [name, undefined] as const,
    ),
  ])('%s: %s', (name, role) => {
    expect(folderRole(name)).toBe(role);
  });

  it('slices alone are segmented; masks lie beside them, below them, or around patients', () => {
    expect(sort('s/GT/1.png', 's/Imgs/1.png', 's/Edge/1.png')).toEqual([
      ['s/Imgs/1.png'],
      ['s/GT/1.png', 's/Edge/1.png'],
      ['s/GT', 's/Edge'],
    ]);
    expect(sort('labels/anna/1.png', 'images/anna/1.png')[0]).toEqual(['images/anna/1.png']);
    expect(sort('x/images/1.png', 'x/images/masks/1.png')[0]).toEqual(['x/images/1.png']);
    expect(sort('masks/Imgs/1.png', 'masks/GT/1.png')[0]).toEqual(['masks/Imgs/1.png']);
    expect(sort('anna/1.png', 'anna/masks/1.png', 'bert/1.png')[0]).toEqual(['anna/1.png', 'bert/1.png']);
  });

  it('masks and results beside their slice, under its name with an ending', () => {
    const slices = ['a/1.png', 'a/ct.nii.gz', 'a/lone_mask.png'];
    const others = ['a/1_mask.png', 'a/1.prob.png', 'a/1.overlay.png', 'a/ct_seg.nii.gz', 'a/ct-label.nii'];
    expect(sort(...slices, ...others)).toEqual([slices, others, others]);
  });

  it('files without a folder are what they are', () => {
    expect(sort('GT.png', 'mask.png', '2.png')[0]).toEqual(['GT.png', 'mask.png', '2.png']);
    expect(sort('GT/1.png')).toEqual([[], ['GT/1.png'], ['GT']]);
  });
});

describe('a training that another version of the page stored', () => {
  const rest = { size: 96, epochs: 30, batch: 4, seed: 1, group: 5, roundEpochs: 3 };
  const older = { ...rest, learningRate: 1e-3, augment: true, lastEpochs: 5 };
  const net = { backbone: 'vgg16', width: 0.25, channels: 16 };
  const asked = { ...rest, lr: 1e-3, augment: 'mild', masks: 'binary', finetuneEpochs: 5 } as const;
  const phantoms = { kind: 'phantoms', labelled: 6, unlabelled: 2, validation: 4, seed: 1000 } as const;
  const known = settingsOf({ ...asked, task: 'infection', options: net }, phantoms);

  it('goes on as it began: before there were other tasks, with the names of then, and with those of now', () => {
    expect(upToDate({ ...older, ...net }, phantoms)).toEqual(known);
    expect(upToDate({ ...older, task: 'infection', options: net }, phantoms)).toEqual(known);
    expect(upToDate(known, phantoms)).toEqual(known);
    const files = { kind: 'files', labelled: [], unlabelled: [] } as const;
    const ofFiles = upToDate({ ...older, ...net }, { ...files, masks: 'nonzero' });
    expect(ofFiles).toEqual(settingsOf({ ...asked, masks: 'nonzero', task: 'infection', options: net }, files));
    // What the page always did, whatever the usual settings are.
    expect(known).toMatchObject({ loss: 'dice', schedule: 'cosine', clip: 0.5, optimizer: 'adam', semi: true });
    expect(known).toMatchObject({ roundLr: 1e-3 / 3, pseudoEpochs: 5, labels: 'probability' });
  });

  it.each<[string, object, RegExp]>([
    ['an optimiser that there is not', { optimizer: 'lion' }, /--optimizer is lion/],
    ['a learning rate that is none', { lr: 'fast' }, /--lr is fast/],
    ['no task', { task: undefined }, /task/],
    ['a net that is not said', { options: [] }, /net is built with/],
  ])('is refused, with what is wrong: %s', (_, change, words) => {
    const stored = { ...known, ...change } as StoredSettings;
    const { code, message } = thrownBy(() => upToDate(stored, phantoms));
    expect([code, message]).toEqual(['TRAIN_UNREADABLE', expect.stringMatching(words)]);
  });
});

describe('figures for people', () => {
  it.each([
    [percent, 0, '0.00 %'],
    [percent, 1e-9, '< 0.01 %'],
    [percent, 0.0001, '0.01 %'],
    [percent, 0.09996, '10.0 %'],
    [percent, 0.99999, '> 99.9 %'],
    [percent, 1, '100.0 %'],
    [duration, 0.9999, '1.0 s'],
    [duration, 59.99, '1 min 0 s'],
    [duration, 119.7, '2 min 0 s'],
    [duration, 3599.8, '1 h 0 min'],
    [short, 999_999, '1.00 M'],
    [short, 999.99, '1.00 k'],
    [short, 1234, '1.23 k'],
  ] as const)('%o of %d', (format, value, text) => {
    expect(format(value)).toBe(text);
  });

  it.each([
    [100, 96, { min: 32, max: 512, step: 32 }, 96],
    [113, 96, { min: 32, max: 512, step: 32 }, 128],
    [Number.NaN, 96, { min: 32, max: 512, step: 32 }, 96],
    [Number.POSITIVE_INFINITY, 96, { min: 32, max: 500, step: 32 }, 480],
    [1, 96, { min: 20, max: 500, step: 32 }, 32],
    [7.5, 4, { min: 1, max: 16, step: 1 }, 8],
    [0.3, 0.25, { min: 0.125, max: 1, step: 'any' }, 0.3],
    [-5, 0.25, { min: 0.125, max: 1, step: 'any' }, 0.125],
  ] as const)('a field where %d was typed after %d', (typed, before, limits, settled) => {
    expect(settledNumber(typed, before, limits)).toBe(settled);
  });

  it('an error does not give way to notes', () => {
    const error = { code: 'X', message: 'x' };
    const all = Array.from(
      { length: 20 },
      (_, id): Notice => ({ id, text: String(id), error: id === 3 ? error : undefined }),
    );
    expect(bounded(all).map(({ id }) => id)).toEqual([3, 15, 16, 17, 18, 19]);
  });
});
