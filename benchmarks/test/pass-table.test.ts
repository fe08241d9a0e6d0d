/** Rates of the passes of convolutions, and their sums over a net. */
import { describe, expect, it } from 'vitest';
import { passBlocks, passTotal, shareOfForward } from '../src/gradients/pass-table.js';
import type { CaseResult } from '../src/peers/figures.js';
import { sectionLines } from '../src/text.js';

const workload = { kind: 'chain', length: 1 } as const;
type Device = Readonly<Record<string, readonly number[]>>;

/** `gflop` of one pass. */
const layer = (title: string, count: number, gflop: number, device: Device, cudnn?: Device): CaseResult => ({
  title,
  group: 'gradients',
  workload,
  count,
  flops: 3e9 * gflop,
  needsInputGradient: title !== 'first',
  outcomes: [
    { peer: 'infnet', seconds: [1], device },
    ...(cudnn === undefined ? [] : [{ peer: 'cudnn' as const, seconds: [1], device: cudnn }]),
  ],
});

const first = layer('first', 1, 2, { forward: [1, 1, 3], inputGradient: [9, 9, 9], weightGradient: [2, 2, 2] });
const second = layer('second', 3, 4, { forward: [2, 2, 2], inputGradient: [4, 2, 4], weightGradient: [8, 8, 1] });
const total = (pass: 'forward' | 'inputGradient' | 'weightGradient') => passTotal([first, second], pass, ['infnet']);

describe('totals of passes', () => {
  it('count every layer as often as it occurs', () => {
    expect(total('forward')).toMatchObject({ layers: 2, flops: 14e9, seconds: 7, rounds: [7, 7, 9] });
    expect(total('weightGradient')).toMatchObject({ flops: 14e9, seconds: 26, rounds: [26, 26, 5] });
  });

  it('leave the gradient of an image out, of FLOPs and of time', () => {
    expect(total('inputGradient')).toMatchObject({ layers: 1, flops: 12e9, seconds: 12 });
  });

  it('are compared with the forward round by round', () => {
    const share = shareOfForward(total('weightGradient'), total('forward'));
    expect(share.median).toBeCloseTo(7 / 26);
    expect([share.smallest, share.largest].map((value) => value.toFixed(3))).toEqual(['0.269', '1.800']);
    const ofInput = shareOfForward(total('inputGradient'), total('forward'));
    expect(ofInput).toEqual({ median: 0.5, smallest: 0.5, largest: 1 });
  });
});

describe('the tables of passes', () => {
  const theirs = { forward: [1, 1, 1], inputGradient: [8, 8, 8], weightGradient: [16, 16, 16] };
  const both = layer('second', 3, 4, second.outcomes[0]?.device ?? {}, theirs);
  const lines = sectionLines({
    title: '',
    blocks: passBlocks([first, both], ['infnet', 'tfjs', 'cudnn'], { compute: 4e9, bandwidth: 1 }),
  });
  const texts = lines.map((line) => line.trim().replace(/ +/g, ' '));

  it('have a line for each layer: time, rate, and how many times as long others take', () => {
    expect(texts.find((line) => line.startsWith('first 1'))).toBe('first 1 2.000 1000.00 ms, 2.00 2000.00 ms, 1.00');
    expect(texts.find((line) => line.startsWith('second 3'))).toBe(
      'second 3 4.000 2000.00 ms, 2.00 4000.00 ms, 1.00 8000.00 ms, 0.50 ' +
        '1000.00 ms, 4.00 0.50x 8000.00 ms, 0.50 2.00x 16000.00 ms, 0.25 2.00x',
    );
  });

  it('have the sums of each pass, as shares of the forward and of the roof, and beside ours over what both did', () => {
    expect(texts).toContain('infnet dW 2 14.00 26.000 0.54 27 % (27 % to 180 %) 13 %');
    expect(texts).toContain('cuDNN dX 1 12.00 24.000 0.50 13 % (13 % to 13 %) 13 % 2.00x');
  });

  it('are none where no passes were timed', () => {
    expect(passBlocks([{ ...first, outcomes: [{ peer: 'infnet', seconds: [1] }] }], ['infnet'])).toEqual([]);
  });
});
