import { describe, expect, it } from 'vitest';
import { BACKBONES, InfNet, isOptionalEntry, recognizeBackbone, recognizeNet, stateDictEntries } from '../src/index.js';

describe('recognising a net by its weights', () => {
  it.each(BACKBONES)('tells %s with its width and channels', (backbone) => {
    const net = new InfNet({ backbone, width: 0.5, channels: 16 });
    const tensors = new Map(net.stateDictSpec().map(({ name, shape }) => [name, { shape }]));
    expect(recognizeBackbone(tensors)).toBe(backbone);
    expect(recognizeNet(tensors, backbone)).toEqual({ backbone, width: 0.5, channels: 16 });
  });

  it('recognises nothing in the weights of something else', () => {
    expect(recognizeBackbone(new Map([['conv.weight', { shape: [1, 1, 3, 3] }]]))).toBeUndefined();
  });

  it('writes every entry, trained values as they are', () => {
    const net = new InfNet({ width: 0.25, channels: 8 });
    const [first] = net.stateDictSpec();
    const trained = new Float32Array(first?.shape.reduce((a, b) => a * b, 1) ?? 0).fill(7);
    const values = new Map([[first?.name ?? '', { shape: first?.shape ?? [], data: trained }]]);
    const entries = stateDictEntries(net, values, { seed: 1, steps: 12 });
    expect(entries.map(({ name }) => name)).toEqual(net.stateDictSpec().map(({ name }) => name));
    expect(entries[0]?.data).toBe(trained);
    const counter = entries.find(({ name }) => name.endsWith('num_batches_tracked'));
    expect(counter?.data).toEqual(BigInt64Array.of(12n));
    expect(isOptionalEntry(counter?.name ?? '')).toBe(true);
  });
});
