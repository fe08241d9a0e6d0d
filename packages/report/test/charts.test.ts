import { type LineChart, renderReport } from '@infnet/report';
import { describe, expect, test } from 'vitest';
import { toBase64 } from '../src/base64.js';
import { type Step, thin } from '../src/thin.js';
import { htmlProblems, page, pngHead } from './support.js';

function chart(points: readonly (readonly [number, number])[], extra: Partial<LineChart> = {}): string {
  const series = [{ name: 'loss', points }];
  return renderReport(
    page({ kind: 'lines', title: 'Loss', x: { label: 'epoch' }, y: { label: 'loss' }, series, ...extra }),
  );
}

const path = (html: string) => /<path class="curve[^"]*" d="([^"]*)"/.exec(html)?.[1];

describe('curves', () => {
  test('points lie where the axes say', () => {
    // The x axis goes from 0 to 10, the y axis from 0 to 4.
    expect(
      path(
        chart([
          [0, 0],
          [5, 1],
          [10, 4],
        ]),
      ),
    ).toBe('M0 10000L5000 7500L10000 0');
  });

  test('a logarithmic axis makes equal factors equal steps', () => {
    const y = { label: 'rate', scale: 'log', min: 1e-6, max: 1e-4 } as const;
    expect(
      path(
        chart(
          [
            [0, 1e-4],
            [1, 1e-5],
            [2, 1e-6],
          ],
          { y },
        ),
      ),
    ).toBe('M0 0L5000 5000L10000 10000');
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e301])(
    '%f is a gap, and is said',
    (gap) => {
      const html = chart([
        [0, 0],
        [2, 2],
        [4, gap],
        [6, 2],
        [10, 4],
      ]);
      expect(path(html)).toBe('M0 10000L2000 5000M6000 5000L10000 0');
      expect(html).toContain('loss: 1 value is not drawn, being not finite.');
      expect(html).not.toMatch(/="[^"]*(NaN|Infinity)/);
    },
  );

  test('a value that is not above zero is a gap on a logarithmic axis', () => {
    const html = chart(
      [
        [0, 1],
        [1, 0],
        [2, -1],
        [3, 10],
      ],
      { y: { label: '', scale: 'log' } },
    );
    expect(path(html)?.match(/M/g)).toHaveLength(2);
    expect(html).toContain('2 values are not drawn, being not finite or not above zero.');
  });

  test('a point alone is a dot', () => {
    expect(
      path(
        chart([
          [0, 0],
          [1, Number.NaN],
          [2, 4],
        ]),
      ),
    ).toBe('M0 10000h0M10000 0h0');
  });

  test.each([[[]], [[[1, Number.NaN]]]] as [number, number][][][])('nothing to draw: says so', (points) => {
    const html = chart(points);
    expect(html).toContain('no values yet');
    expect(path(html)).toBeUndefined();
    expect(htmlProblems(html)).toEqual([]);
  });

  test('series differ by colour and marker, and dashed ones by dash and hollow markers', () => {
    const points = [
      [0, 1],
      [1, 2],
    ] as const;
    const series = Array.from({ length: 7 }, (_, i) => ({ name: `s${i}`, points, dashed: i === 1 }));
    const html = chart([], { series });
    const legend = /<ul class="legend">(.*?)<\/ul>/s.exec(html)![1]!;
    const looks = [...legend.matchAll(/href="#(marker-\d)"[^>]*class="(k\d) (solid|hollow)"/g)];
    expect(new Set(looks.map((look) => look[1])).size).toBe(7);
    expect(new Set(looks.map((look) => look[2])).size).toBe(7);
    expect(looks.map((look) => look[3])).toEqual(['solid', 'hollow', ...Array(5).fill('solid')]);
    expect(legend.match(/dashed/g)).toHaveLength(1);
  });

  test('the description gives the figures in words', () => {
    const html = chart(
      [
        [1, 3],
        [2, 0.5],
        [3, 1],
      ],
      { marks: [{ x: 2, label: 'best epoch' }] },
    );
    expect(html).toContain(
      'loss over epoch. loss: from 3 at 1 to 1 at 3, lowest 0.5 at 2, highest 3 at 1. best epoch at 2.</desc>',
    );
    expect(html).toMatch(/<text class="mark-label" x="50%"[^>]*>best epoch<\/text>/);
  });
});

describe('thinning', () => {
  const wave = Array.from({ length: 50_000 }, (_, i): Step => [i, Math.sin(i / 50)]);

  test('keeps ends and every spike, in order, and few of the rest', () => {
    const steps = [...wave];
    for (const spike of [17, 25_001, 49_990]) steps[spike] = [spike, spike % 2 === 0 ? -9 : 9];
    const kept = thin(steps, 300);
    expect(kept.length).toBeLessThanOrEqual(1500);
    for (const i of [0, 17, 25_001, 49_990, 49_999]) expect(kept).toContain(steps[i]);
    const xs = kept.map((step) => step![0]);
    expect(xs).toEqual([...xs].sort((a, b) => a - b));
  });

  test('keeps gaps', () => {
    const steps = wave.map((step, i) => (i >= 20_000 && i < 30_000 ? null : step));
    const kept = thin(steps, 100);
    const gap = kept.indexOf(null);
    expect(kept[gap - 1]).toEqual(steps[19_999]);
    expect(kept.slice(gap).find((step) => step !== null)).toEqual(steps[30_000]);
    expect(thin(Array(10_000).fill(null), 10).every((step) => step === null)).toBe(true);
  });

  test('leaves short curves alone', () => {
    expect(thin(wave.slice(0, 1200), 300)).toEqual(wave.slice(0, 1200));
  });

  test('a curve of 200 000 points makes a small page', () => {
    const html = chart(Array.from({ length: 200_000 }, (_, i) => [i, Math.cos(i)] as const));
    expect(html.length).toBeLessThan(400_000);
  });
});

describe('roofline', () => {
  const block = {
    kind: 'roofline',
    title: 'Kernels',
    points: [
      { label: 'low', intensity: 0.5, performance: 2.5e9 },
      { label: 'high', intensity: 1000, performance: 5e10 },
      { label: 'broken', intensity: Number.NaN, performance: 1 },
    ],
    ceilings: [
      { label: 'memory', bandwidth: 1e10 },
      { label: 'f32', compute: 1e11 },
    ],
  } as const;

  test('the share is of what bandwidth or arithmetic allow, whichever is less', () => {
    const html = renderReport(page(block));
    expect(html).toContain('low: 2.5 GFLOP/s at 0.5 FLOP/byte, 50 % of the roof.');
    expect(html).toContain('high: 50 GFLOP/s at 1000 FLOP/byte, 50 % of the roof.');
    expect(html).toContain('1 of 3 points are not drawn');
    expect(html.match(/class="spot"/g)).toHaveLength(2);
    expect(htmlProblems(html)).toEqual([]);
  });

  test('slope and flat meet at the ridge', () => {
    const curves = [
      ...renderReport(page(block)).matchAll(/class="ceiling curve[^"]*" d="M[-\d]+ [-\d]+L([-\d]+ [-\d]+)"/g),
    ];
    const flat = /class="ceiling curve[^"]*" d="M([-\d]+ [-\d]+)L10000/.exec(renderReport(page(block)));
    expect(curves[0]![1]).toBe(flat![1]);
  });

  test('without points: says so', () => {
    expect(renderReport(page({ ...block, points: [] }))).toContain('no values yet');
  });
});

test('bars begin at zero, also negative ones', () => {
  const bars = [
    { label: 'a', value: 30 },
    { label: 'b', value: -10 },
    { label: 'c', value: Number.NaN },
  ];
  const html = renderReport(page({ kind: 'bars', title: 'Change', unit: '%', bars }));
  const drawn = [...html.matchAll(/class="bar" x1="([\d.]+)%" x2="([\d.]+)%"/g)].map((match) =>
    match.slice(1).map(Number),
  );
  expect(drawn).toEqual([
    [25, 100],
    [25, 0],
  ]);
  expect(html).toContain('NaN %');
});

describe('pictures', () => {
  test.each([
    ['', ''],
    ['f', 'Zg=='],
    ['fo', 'Zm8='],
    ['foo', 'Zm9v'],
    ['foob', 'Zm9vYg=='],
    ['fooba', 'Zm9vYmE='],
    ['foobar', 'Zm9vYmFy'],
  ])('base64 of %s, from RFC 4648', (text, expected) => {
    expect(toBase64(new TextEncoder().encode(text))).toBe(expected);
  });

  test('base64 of every byte equals the platform’s', () => {
    const bytes = Uint8Array.from({ length: 1021 }, (_, i) => (i * 37) & 255);
    expect(toBase64(bytes)).toBe(btoa(String.fromCharCode(...bytes)));
  });

  test('have their size from the file; those of few pixels show them', () => {
    const row = (png: Uint8Array) => ({ label: 'r', pictures: [{ png, alt: 'slice' }] });
    // The second is a view into a larger buffer.
    const inside = new Uint8Array(100);
    inside.set(pngHead(352, 300), 10);
    const html = renderReport(page({ kind: 'pictures', rows: [row(pngHead(96, 80)), row(inside.subarray(10, 55))] }));
    expect(html).toMatch(/alt="slice" width="96" height="80" decoding="async" class="coarse">/);
    expect(html).toMatch(/alt="slice" width="352" height="300" decoding="async">/);
    expect(html).toMatch(/<figure id="picture-2"><a class="enlarge" href="#picture-2"/);
  });
});

test("a memory's label stands beside its slope, not where the slope has met the roof", () => {
  const points = Array.from({ length: 12 }, (_, i) => {
    const intensity = 2 * 1.5 ** i;
    return { label: `${i}`, intensity, performance: Math.min(30e9, 8e9 * intensity) * (0.4 + 0.04 * i) };
  });
  const ceilings = [
    { label: 'memory', bandwidth: 8e9 },
    { label: 'multiply-adds', compute: 30e9 },
  ];
  const html = renderReport(page({ kind: 'roofline', title: 'Roofline', points, ceilings }));
  const label = (text: string) =>
    new RegExp(`<text class="ceiling-label" x="([^"]*)%" y="([^"]*)%"[^>]*>${text}`).exec(html);
  // Downwards: below the roof is a larger y.
  expect(Number(label('memory')?.[2])).toBeGreaterThan(Number(label('multiply-adds')?.[2]));
});
