import { type Block, renderReport } from '@infnet/report';
import { expect, test } from 'vitest';
import { page, pngHead } from './support.js';

const lines = (extra: object): Block =>
  ({ kind: 'lines', title: 't', x: { label: 'x' }, y: { label: 'y' }, series: [], ...extra }) as Block;
const at = 'sections[0].blocks[0]';

const cases: readonly [name: string, block: unknown, code: string, where: string, figures: RegExp][] = [
  ['an unknown kind', { kind: 'pie' }, 'REPORT_UNKNOWN_KIND', at, /"pie"/],
  ['no kind', {}, 'REPORT_UNKNOWN_KIND', at, /undefined/],
  ['no block', null, 'REPORT_VALUE', at, /null/],
  [
    'a short row of a table',
    { kind: 'table', columns: [{ title: 'a' }, { title: 'b' }], rows: [['1', 2], ['1']] },
    'REPORT_RAGGED_ROWS',
    `${at}.rows[1]`,
    /1 cells.*2 columns/,
  ],
  [
    'a cell that is neither text nor number',
    { kind: 'table', columns: [{ title: 'a' }], rows: [[null]] },
    'REPORT_VALUE',
    `${at}.rows[0][0]`,
    /null/,
  ],
  [
    'a row to emphasise that is not there',
    { kind: 'table', columns: [{ title: 'a' }], rows: [['x']], emphasise: [1] },
    'REPORT_VALUE',
    `${at}.emphasise[0]`,
    /row 1.*1 rows/,
  ],
  ['a fact of three', { kind: 'facts', rows: [['a', 'b', 'c']] }, 'REPORT_RAGGED_ROWS', `${at}.rows[0]`, /3 cells/],
  ['a fact that is a number', { kind: 'facts', rows: [['a', 1]] }, 'REPORT_VALUE', `${at}.rows[0][1]`, /is 1/],
  [
    'a row with too few pictures',
    { kind: 'pictures', columns: ['a', 'b'], rows: [{ label: 'r', pictures: [{ png: pngHead(1, 1), alt: '' }] }] },
    'REPORT_RAGGED_ROWS',
    `${at}.rows[0]`,
    /1 cells.*2 columns/,
  ],
  [
    'a picture that is no PNG',
    { kind: 'pictures', rows: [{ label: 'r', pictures: [{ png: new Uint8Array(60), alt: '' }] }] },
    'REPORT_PICTURE',
    `${at}.rows[0].pictures[0].png`,
    /60 bytes/,
  ],
  ['a width of 0', { kind: 'pictures', rows: [], width: 0 }, 'REPORT_VALUE', `${at}.width`, /is 0/],
  ['no title', lines({ title: undefined }), 'REPORT_VALUE', `${at}.title`, /missing/],
  ['an unknown scale', lines({ y: { label: 'y', scale: 'sqrt' } }), 'REPORT_VALUE', `${at}.y.scale`, /sqrt/],
  ['a logarithmic axis from 0', lines({ y: { label: '', scale: 'log', min: 0 } }), 'REPORT_VALUE', `${at}.y.min`, /0/],
  ['an axis from 2 to 1', lines({ x: { label: '', min: 2, max: 1 } }), 'REPORT_VALUE', `${at}.x`, /2 to 1/],
  [
    'a point of three',
    lines({ series: [{ name: 's', points: [[1, 2, 3]] }] }),
    'REPORT_VALUE',
    `${at}.series[0].points[0]`,
    /pair/,
  ],
  [
    'an interval upside down',
    { kind: 'bars', title: '', unit: '', bars: [{ label: '', value: 1, low: 3, high: 2 }] },
    'REPORT_VALUE',
    `${at}.bars[0]`,
    /3\.\.2/,
  ],
  [
    'a ceiling of 0',
    { kind: 'roofline', title: '', points: [], ceilings: [{ label: '', bandwidth: 0 }] },
    'REPORT_VALUE',
    `${at}.ceilings[0].bandwidth`,
    /is 0/,
  ],
];

test.each(cases)('%s', (_name, block, code, where, message) => {
  const render = () => renderReport(page(block as Block));
  expect(render).toThrow(expect.objectContaining({ name: 'InfnetError', code, where, fix: expect.any(String) }));
  expect(render).toThrow(message);
});

test.each([0, -1, Number.NaN, '5'])('refreshSeconds of %s', (refreshSeconds) => {
  expect(() => renderReport({ ...page(), refreshSeconds: refreshSeconds as number })).toThrow(
    expect.objectContaining({ code: 'REPORT_VALUE', where: 'refreshSeconds' }),
  );
});
