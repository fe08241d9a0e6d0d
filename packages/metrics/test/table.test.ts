import { evaluateMap, evaluateSet, SCORE_NAMES, scoresCsv, scoresTable } from '@infnet/metrics';
import { expect, it } from 'vitest';

const map = [0.9, 0.2, 0.7, 0.1, 0.4, 0.8];
const mask = [1, 0, 1, 0, 1, 0];
const image = evaluateMap(map, mask, { width: 3, height: 2 });
const set = evaluateSet([image, evaluateMap(mask, mask, { width: 3, height: 2 })], { bootstrap: { resamples: 20 } });
const full = evaluateMap([1, 1], [1, 1], { width: 2, height: 1 });

it('the table is aligned, with the scores of the paper unless told otherwise', () => {
  const lines = scoresTable([
    { name: 'ours', scores: set },
    { name: 'a longer name', scores: image },
    { name: 'full mask', scores: full },
  ]).split('\n');
  expect(lines).toHaveLength(4);
  expect(lines[0]!.trim().split(/\s+/)).toEqual([
    'meanDice',
    'meanSensitivity',
    'meanSpecificity',
    'sMeasure',
    'meanEMeasure',
    'mae',
  ]);
  expect(new Set(lines.map((line) => line.length)).size).toBe(1);
  expect(lines[1]).toMatch(new RegExp(`^ours {10,}${set.meanDice.toFixed(3)} `));
  expect(lines[3]).toContain(' n/a ');
});

it('the table shows intervals on demand', () => {
  const { low, high } = set.intervals!.dice;
  const text = scoresTable([{ name: 'ours', scores: set }], { columns: ['dice'], digits: 2, intervals: true });
  expect(text.split('\n')[1]).toBe(`ours  ${set.dice.toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}]`);
});

it('CSV has every score in full precision, and quotes names', () => {
  const [header, line, end] = scoresCsv([{ name: 'a,"b"', scores: image }]).split('\n');
  expect(header).toBe(`name,${SCORE_NAMES.join(',')}`);
  expect(line!.startsWith('"a,""b""",')).toBe(true);
  const cells = line!.slice('"a,""b""",'.length).split(',').map(Number);
  expect(cells).toEqual(SCORE_NAMES.map((name) => image[name]));
  expect(end).toBe('');
});

it('CSV has the intervals of the rows that have some', () => {
  const rows = [
    { name: 'set', scores: set },
    { name: 'image', scores: image },
    { name: 'full', scores: full },
  ];
  const { low, high } = set.intervals!.meanSpecificity;
  expect(scoresCsv(rows, { columns: ['meanSpecificity'] })).toBe(
    'name,meanSpecificity,meanSpecificity_low,meanSpecificity_high\n' +
      `set,${set.meanSpecificity},${low},${high}\nimage,${image.meanSpecificity},,\nfull,NaN,,\n`,
  );
});

it('scores that were read from JSON, where NaN is null, are shown alike', () => {
  const read = JSON.parse(JSON.stringify(full)) as typeof full;
  expect(read.specificity).toBeNull();
  const rows = (scores: typeof full) => [{ name: 'full mask', scores }];
  const columns = ['specificity', 'dice'] as const;
  expect(scoresTable(rows(read), { columns })).toBe(scoresTable(rows(full), { columns }));
  expect(scoresCsv(rows(read), { columns })).toBe('name,specificity,dice\nfull mask,NaN,1\n');
});

it('a set may have more rows than a call takes arguments', () => {
  const rows = Array.from({ length: 200_000 }, (_, i) => ({ name: `${i}`, scores: full }));
  const table = scoresTable(rows, { columns: ['dice'] });
  expect(table.endsWith('199999  1.000')).toBe(true);
});
