import { renderReport } from '@infnet/report';
import { expect, test } from 'vitest';
import { embedJson, escapeHtml } from '../src/html.js';
import { EVERYTHING, htmlProblems, page } from './support.js';

test('the checker of this test sees wrong markup', () => {
  expect(htmlProblems('<p><b></p></b>')).not.toEqual([]);
  expect(htmlProblems('<p>')).toEqual(['<p> stays open']);
  expect(htmlProblems('<p>a < b</p>')).toHaveLength(1);
  expect(htmlProblems('<p id="a"></p><p id="a"></p>')).toEqual(['id a twice']);
  expect(htmlProblems('<a href="#b"></a>')).toEqual(['nothing has the id b']);
});

test('every kind of block gives balanced markup, and no text of the caller becomes markup', () => {
  const html = renderReport(EVERYTHING);
  expect(htmlProblems(html)).toEqual([]);
  // Besides the page's own: its script, its data, one chart's data.
  expect(html.match(/<script/g)).toHaveLength(3);
  expect(html.match(/<\/script/g)).toHaveLength(3);
  for (const tag of ['<i>', '<b>', '<roof>', '<cap>', '<bw>', '<u>']) {
    expect(html.includes(tag), tag).toBe(false);
  }
  expect(html).toContain('<title>A &lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;run&quot;</title>');
  expect(html).toContain('&lt;k&gt; $&amp; $`');
});

test('what goes out of the page: nothing', () => {
  const html = renderReport(EVERYTHING);
  expect(html).not.toMatch(/https?:|url\(|@import|\ssrc="(?!data:)/);
  expect(html).toContain("default-src 'none'");
});

test('the embedded data read back equal what was given', () => {
  const html = renderReport(EVERYTHING);
  const [, json] = /id="report-data">(.*?)<\/script>/s.exec(html)!;
  expect(JSON.parse(json!)).toEqual({ text: '</script><!--<script>', values: [1, 2], none: null });
});

test('embedded JSON has no angle bracket, nor line separators', () => {
  const text = '</ScRiPt> \u2028\u2029 & <!--';
  const json = embedJson({ text }, 'data');
  expect(json).not.toMatch(/[<>&\u2028\u2029]/);
  expect(JSON.parse(json)).toEqual({ text });
});

test('data that JSON cannot hold is refused', () => {
  const cycle: Record<string, unknown> = {};
  cycle['self'] = cycle;
  for (const data of [cycle, { big: 1n }]) {
    expect(() => renderReport({ ...page(), data })).toThrow(
      expect.objectContaining({ code: 'REPORT_DATA', where: 'data' }),
    );
  }
});

test('control characters and halves of surrogate pairs are replaced; whole pairs, tabs and line breaks stay', () => {
  expect(escapeHtml('a\u0000b\ud800c\u{1f600}\t\n')).toBe('a\ufffdb\ufffdc\u{1f600}\t\n');
});

test('the same report gives the same text', () => {
  expect(renderReport(EVERYTHING)).toBe(renderReport(structuredClone(EVERYTHING)));
});

test('a page that goes on reloads, with and without scripts; a finished one does not', () => {
  const running = renderReport({ ...page(), refreshSeconds: 12 });
  expect(running).toContain('<noscript><meta http-equiv="refresh" content="12"></noscript>');
  expect(running).toContain('<body data-refresh="12">');
  expect(renderReport(page())).not.toMatch(/http-equiv="refresh"|<body data-refresh/);
});

test('contents are listed from three sections on', () => {
  expect(renderReport(page())).not.toContain('<nav');
  const html = renderReport(EVERYTHING);
  expect(html).toMatch(/<nav aria-label="Contents">.*href="#section-3">Three/);
  expect(html).toContain('<h2 id="section-3">Three</h2>');
});
