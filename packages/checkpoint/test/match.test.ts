import { describe, expect, it } from 'vitest';
import { assertMatches, type CheckpointTensor, matchStateDict } from '../src/index.js';
import { caught } from './support/errors.js';

function tensors(...entries: readonly (readonly [string, readonly number[]])[]): {
  tensors: Map<string, CheckpointTensor>;
} {
  return {
    tensors: new Map(
      entries.map(([name, shape]) => {
        const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
        return [name, { name, shape, dtype: 'float32', data }] as const;
      }),
    ),
  };
}

const net = [
  { name: 'conv.weight', shape: [4, 3, 3, 3] },
  { name: 'bn.weight', shape: [4] },
  { name: 'bn.num_batches_tracked', shape: [] },
];

describe('matchStateDict', () => {
  it('gives the tensors in the order of the net', () => {
    const checkpoint = tensors(['bn.num_batches_tracked', []], ['bn.weight', [4]], ['conv.weight', [4, 3, 3, 3]]);
    const match = matchStateDict(net, checkpoint);
    expect([...match.matched.keys()]).toEqual(net.map(({ name }) => name));
    expect(assertMatches(match).get('bn.weight')).toBe(checkpoint.tensors.get('bn.weight'));
  });

  it('lists what is missing, surplus and mis-shaped', () => {
    const match = matchStateDict(net, tensors(['conv.weight', [4, 3, 3]], ['bn.weight', [4]], ['fc.weight', [2, 4]]));
    expect(match.missing).toEqual(['bn.num_batches_tracked']);
    expect(match.surplus).toEqual(['fc.weight']);
    expect(match.misshaped).toEqual([{ name: 'conv.weight', expected: [4, 3, 3, 3], found: [4, 3, 3] }]);
    expect([...match.matched.keys()]).toEqual(['bn.weight']);
  });

  it('tolerates what is optional, on either side and of any shape', () => {
    const optional = (name: string): boolean => name.endsWith('.num_batches_tracked') || name.startsWith('fc.');
    const checkpoint = tensors(
      ['conv.weight', [4, 3, 3, 3]],
      ['bn.weight', [4]],
      ['fc.weight', [10, 4]],
      ['fc.bias', [2]],
    );
    const match = matchStateDict([...net, { name: 'fc.weight', shape: [2, 4] }], checkpoint, { optional });
    expect(assertMatches(match).size).toBe(2);
    expect(match.tolerated).toEqual(['bn.num_batches_tracked', 'fc.weight', 'fc.bias']);
  });

  it('renames keys, and leaves out those without a name', () => {
    const match = matchStateDict(
      [{ name: 'resnet.conv.weight', shape: [1] }],
      tensors(['conv.weight', [1]], ['fc.bias', [1]]),
      {
        rename: (key) => (key.startsWith('fc.') ? undefined : `resnet.${key}`),
      },
    );
    expect(assertMatches(match).get('resnet.conv.weight')?.name).toBe('resnet.conv.weight');
    const error = caught(() => matchStateDict(net, tensors(['a', [1]], ['b', [1]]), { rename: () => 'same' }));
    expect(error.code).toBe('CHECKPOINT_KEYS');
  });
});

describe('assertMatches', () => {
  it('throws one readable error: counts, the first ten, the rest in details', () => {
    const expected = Array.from({ length: 12 }, (_, i) => ({ name: `layer${i}.weight`, shape: [2] }));
    const match = matchStateDict([...expected, { name: 'head', shape: [2] }], tensors(['head', [3]], ['other', [1]]));
    const error = caught(() => assertMatches(match, 'weights.pth'));
    expect(error.code).toBe('CHECKPOINT_KEYS');
    expect(error.where).toBe('weights.pth');
    expect(error.message).toContain('12 missing:\n    layer0.weight\n');
    expect(error.message).toContain('layer9.weight\n    ... and 2 more');
    expect(error.message).not.toContain('layer10.weight');
    expect(error.message).toContain('1 surplus:\n    other');
    expect(error.message).toContain('head: expected [2], found [3]');
    expect(error.details['missing']).toHaveLength(12);
  });

  it('lets no key of a file speak to the terminal', () => {
    const match = matchStateDict([], tensors(['\u001b[2Jgone', [1]], ['\u202eright', [1]], ['x'.repeat(5000), [1]]));
    const { message } = caught(() => assertMatches(match));
    expect(message).toContain('"\\u001b[2Jgone"');
    expect(message).toContain('"\\u{202e}right"');
    expect(message.length).toBeLessThan(1000);
  });

  it('recognises a prefix too many and a prefix too few', () => {
    const plain = [
      { name: 'a.weight', shape: [1] },
      { name: 'b.weight', shape: [1] },
    ];
    const more = caught(() =>
      assertMatches(matchStateDict(plain, tensors(['net.a.weight', [1]], ['net.b.weight', [1]]))),
    );
    expect(more.fix).toContain('start with net.');
    const prefixed = plain.map(({ name, shape }) => ({ name: `resnet.${name}`, shape }));
    const fewer = caught(() => assertMatches(matchStateDict(prefixed, tensors(['a.weight', [1]], ['b.weight', [1]]))));
    expect(fewer.fix).toContain('lack resnet.');
  });
});
