import { describe, expect, it } from 'vitest';
import type { CaseResult } from '../src/peers/figures.js';
import type { PeerFigures } from '../src/peers/report.js';
import { renderPeerReport } from '../src/peers/report.js';

const figures: PeerFigures = {
  date: '2026-11-27T00:00:00.000Z',
  adapter: { kind: 'llvmpipe', message: 'infnet: llvmpipe <software>' },
  settings: { size: 96 },
  peers: ['infnet', 'tfjs', 'ort-cpu'],
  loaded: { infnet: { description: 'llvmpipe', version: '', seconds: 1 } },
  ceilings: { infnet: { compute: 30e9, bandwidth: 8e9 } },
  startUp: [
    { peer: 'infnet', cold: { load: 0.5, first: 3 }, warm: { load: 0.25, first: 1 } },
    { peer: 'tfjs', cannot: 'no answer to "prepare" within 900 s' },
  ],
  results: [
    {
      title: '1x64x88x88 * 64x64x3x3',
      group: 'layer',
      workload: { kind: 'chain', length: 1 },
      flops: 571e6,
      bytes: 4e6,
      outcomes: [
        { peer: 'infnet', seconds: [0.04, 0.05, 0.06] },
        { peer: 'tfjs', seconds: [0.2], difference: 1e-6 },
        { peer: 'ort-cpu', seconds: [0.01], difference: 1e-6 },
      ],
    },
    {
      title: 'Inf-Net training step, 2x3x96x96',
      group: 'step',
      workload: { kind: 'chain', length: 1 },
      flops: 0,
      outcomes: [
        { peer: 'infnet', seconds: [2], heldBytes: 300 * 2 ** 20, processBytes: 500 * 2 ** 20 },
        { peer: 'tfjs', seconds: [], cannot: 'dilation rates greater than 1 are not yet supported in gradients' },
        { peer: 'ort-cpu', seconds: [], cannot: 'computes no gradients' },
      ],
    },
  ],
};

describe('the page', () => {
  const html = renderPeerReport(figures);

  it('has tables, a roofline for each peer on the adapter, start-up, memory', () => {
    expect(html).toMatch(/infnet<.*>50\.0<.*>40\.0 to 60\.0<.*>11\.42</s);
    expect(html).toMatch(/tfjs WebGPU<.*>200<.*>4\.0x<.*>2\.85<.*>1\.0e-6</s);
    expect(html).not.toContain('200 to 200');
    expect(html.match(/class="[^"]*roofline/g)?.length).toBeGreaterThanOrEqual(2);
    expect(html).toContain('30.0 GFLOP/s');
    expect(html).toMatch(/Start-up.*0\.50.*3\.00.*0\.25.*1\.00/s);
    expect(html).toMatch(/Memory.*300.*500/s);
  });

  it('tells a library that was started only from one that was not loaded', () => {
    expect(html).toContain('not loaded, see the last section');
    expect(html).not.toContain('started in processes');
    const started = renderPeerReport({ ...figures, loaded: {} });
    expect(started).toMatch(/infnet<.*started in processes of its own alone.*tfjs WebGPU<.*not loaded/s);
  });

  it('has bars of the means, where there is more than one case', () => {
    expect(html).not.toContain('geometric mean');
    const [first, ...others] = figures.results;
    const two = renderPeerReport({ ...figures, results: [first as CaseResult, first as CaseResult, ...others] });
    expect(two).toMatch(/geometric mean, and the range of cases.*tfjs WebGPU.*2 cases/s);
  });

  it('has one table for many cases, with a column for each library', () => {
    const [first] = figures.results;
    const many = renderPeerReport({ ...figures, results: Array.from({ length: 7 }, () => first as CaseResult) });
    expect(many.match(/50\.0 \(40\.0\.\.60\.0\)/g)).toHaveLength(7);
    expect(many.match(/200 4\.0x/g)).toHaveLength(7);
  });

  it('says who cannot, with the error', () => {
    expect(html).toContain('cannot: dilation rates greater than 1');
    expect(html).toMatch(/What could not be done.*dilation rates greater than 1 are not yet supported in gradients/s);
    expect(html).toContain('cannot: no answer to &quot;prepare&quot; within 900 s');
  });

  it('holds its data, and escapes what it was given', () => {
    const data = /<script type="application\/json" id="report-data">(.*?)<\/script>/s.exec(html)?.[1] ?? '';
    expect((JSON.parse(data) as PeerFigures).results).toHaveLength(2);
    expect(html).toContain('llvmpipe &lt;software&gt;');
  });
});
