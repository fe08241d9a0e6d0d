import { thrownBy } from '@infnet/testing';
import { describe, expect, it } from 'vitest';
import { assertMatches, type CheckpointTensor, matchStateDict, peelPrefix } from '../src/index.js';

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

  it('misses no name of a tied parameter that is there under another one, and says what differs else', () => {
    const [shared, own] = [{}, {}];
    const net = [
      { name: 'enc.weight', shape: [2], parameter: shared },
      { name: 'dec.weight', shape: [2], parameter: shared },
      { name: 'dec.bias', shape: [1], parameter: own },
    ];
    for (const prefix of ['', 'model.', 'module.', 'wrapped.net.']) {
      for (const name of ['enc.weight', 'dec.weight']) {
        const file = tensors([`${prefix}${name}`, [2]], [`${prefix}dec.bias`, [1]]);
        const match = matchStateDict(net, file);
        expect(match).toMatchObject({ missing: [], surplus: [], misshaped: [], prefix });
        expect([...assertMatches(match).keys()]).toEqual([name, 'dec.bias']);
      }
    }
    expect(matchStateDict(net, tensors(['dec.bias', [1]])).missing).toEqual(['enc.weight', 'dec.weight']);
    const odd = matchStateDict(net, tensors(['enc.weight', [3]], ['dec.bias', [1]]));
    expect(odd.misshaped.map(({ name }) => name)).toEqual(['enc.weight']);
    expect(odd.missing).toEqual(['dec.weight']);
    // Of two with equal contents that are not one object, both are needed.
    const apart = net.map(({ name, shape }) => ({ name, shape }));
    expect(matchStateDict(apart, tensors(['enc.weight', [2]], ['dec.bias', [1]])).missing).toEqual(['dec.weight']);
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
    const error = thrownBy(() => matchStateDict(net, tensors(['a', [1]], ['b', [1]]), { rename: () => 'same' }));
    expect(error.code).toBe('CHECKPOINT_KEYS');
  });
});

describe('assertMatches', () => {
  it('throws one readable error: counts, the first ten, the rest in details', () => {
    const expected = Array.from({ length: 12 }, (_, i) => ({ name: `layer${i}.weight`, shape: [2] }));
    const match = matchStateDict([...expected, { name: 'head', shape: [2] }], tensors(['head', [3]], ['other', [1]]));
    const error = thrownBy(() => assertMatches(match, 'weights.pth'));
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
    const { message } = thrownBy(() => assertMatches(match));
    expect(message).toContain('"\\u001b[2Jgone"');
    expect(message).toContain('"\\u{202e}right"');
    expect(message.length).toBeLessThan(1000);
  });

  it('recognises a prefix too few', () => {
    const prefixed = ['resnet.a.weight', 'resnet.b.weight'].map((name) => ({ name, shape: [1] }));
    const fewer = thrownBy(() =>
      assertMatches(matchStateDict(prefixed, tensors(['a.weight', [1]], ['b.weight', [1]]))),
    );
    expect(fewer.fix).toContain('lack resnet.');
  });

  it('gives a state dict of float32, and what is float32 already as it is', () => {
    const wanted = tensors(['a', [2]], ['steps', []]);
    const steps = { name: 'steps', shape: [], dtype: 'int64', data: BigInt64Array.of(7n) } as const;
    wanted.tensors.set('steps', steps);
    const expected = [
      { name: 'a', shape: [2] },
      { name: 'steps', shape: [] },
    ];
    const state: Map<string, { readonly shape: readonly number[]; readonly data: ArrayLike<number> }> = assertMatches(
      matchStateDict(expected, wanted),
    );
    expect(state.get('a')).toBe(wanted.tensors.get('a'));
    expect(state.get('steps')).toMatchObject({ dtype: 'int64', data: Float32Array.of(7) });
  });
});

describe('prefixes', () => {
  const names = ['conv.weight', 'bn.weight'];
  const expected = names.map((name) => ({ name, shape: [1] }));
  const keys = (...prefixes: readonly string[]): ReturnType<typeof tensors> =>
    tensors(...prefixes.flatMap((prefix) => names.map((name) => [prefix + name, [1]] as const)));

  it.each(['model.', 'net.', 'module.model.', 'model.net.', 'ema.', 'student.', 'my.own.net.'])(
    '%s is peeled',
    (prefix) => {
      const match = matchStateDict(expected, keys(prefix));
      expect([...assertMatches(match).keys()]).toEqual(names);
      expect(match).toMatchObject({ prefix, outside: [], surplus: [], prefixes: [] });
    },
  );

  it('leaves what does not begin with it aside, and says so', () => {
    const file = keys('model.');
    file.tensors.set('loss.weight', { name: 'loss.weight', shape: [1], dtype: 'float32', data: new Float32Array(1) });
    const match = matchStateDict(expected, file);
    expect(assertMatches(match).size).toBe(2);
    expect(match.outside).toEqual(['loss.weight']);
  });

  it('is not guessed where two fit: both are named, and either can be chosen', () => {
    for (const [file, said] of [
      [keys('student.', 'teacher.'), 'student., teacher.'],
      [keys('', 'ema.'), 'no prefix, ema.'],
    ] as const) {
      const error = thrownBy(() => assertMatches(matchStateDict(expected, file), 'w.pth'));
      expect(error).toMatchObject({ code: 'CHECKPOINT_AMBIGUOUS', where: 'w.pth' });
      expect(error.message).toContain(`begin with ${said}`);
    }
    const chosen = matchStateDict(expected, keys('student.', 'teacher.'), { prefix: 'teacher' });
    expect(chosen).toMatchObject({ prefix: 'teacher.', outside: names.map((name) => `student.${name}`) });
    expect(assertMatches(chosen).size).toBe(2);
    const plain = matchStateDict(expected, keys('', 'ema.'), { prefix: '' });
    expect(plain.surplus).toEqual(names.map((name) => `ema.${name}`));
    const none = thrownBy(() => matchStateDict(expected, keys('net.'), { prefix: 'critic' }));
    expect(none.code).toBe('CHECKPOINT_KEYS');
    expect(none.message).toContain('begin with net.');
  });

  it('is not peeled off a part of a larger net', () => {
    const file = keys('encoder.stage1.');
    file.tensors.set('encoder.stage2.conv.weight', {
      name: '',
      shape: [1],
      dtype: 'float32',
      data: new Float32Array(1),
    });
    expect(thrownBy(() => assertMatches(matchStateDict(expected, file))).code).toBe('CHECKPOINT_KEYS');
  });

  it.each([
    ['a part', ['conv.module.weight', 'bn.weight'], 'module.'],
    ['one key of two', ['module.conv.weight', 'bn.weight'], 'module.'],
    ['both, in two orders', ['model.module.conv.weight', 'module.model.bn.weight'], 'module.model.'],
  ])('module. around %s of a net is taken out', (_name, wrapped, prefix) => {
    const file = tensors(...wrapped.map((name) => [name, [1]] as const));
    const match = matchStateDict(expected, file);
    expect([...assertMatches(match).keys()].sort()).toEqual([...names].sort());
    expect(match).toMatchObject({ prefix, surplus: [], outside: [] });
    const peeled = peelPrefix(file, [names]);
    expect([[...peeled.tensors.keys()].sort(), peeled.prefix]).toEqual([[...names].sort(), prefix]);
    expect(peeled.tensors.get('conv.weight')?.name).toBe('conv.weight');
  });

  it('module. stays where the net has an attribute of that name, or two keys would become one', () => {
    const own = [
      { name: 'module.conv.weight', shape: [1] },
      { name: 'bn.weight', shape: [1] },
    ];
    const file = tensors(['module.conv.weight', [1]], ['bn.weight', [1]]);
    expect(assertMatches(matchStateDict(own, file)).size).toBe(2);
    expect(peelPrefix(file, [own.map(({ name }) => name)])).toMatchObject({ prefix: '' });
    const twice = tensors(['conv.module.weight', [1]], ['conv.weight', [1]], ['bn.weight', [1]]);
    expect(matchStateDict(expected, twice)).toMatchObject({ surplus: ['conv.module.weight'], prefix: '' });
  });

  it('peelPrefix finds a net by some of its names', () => {
    const { tensors: peeled, prefix } = peelPrefix(keys('backbone.body.'), [['other'], ['bn.weight']]);
    expect(prefix).toBe('backbone.body.');
    expect([...peeled.keys()]).toEqual(names);
    expect(peeled.get('bn.weight')?.name).toBe('bn.weight');
    expect(thrownBy(() => peelPrefix(keys('a.', 'b.'), [['bn.weight']])).details['prefixes']).toEqual(['a.', 'b.']);
    expect(peelPrefix(keys('a.'), [['other']])).toMatchObject({ prefix: '', outside: [] });
  });
});
