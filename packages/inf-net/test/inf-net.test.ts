import { gradients, schedule, type Tensor, trace } from '@infnet/core';
import { thrownBy } from '@infnet/testing';
import { describe, expect, it } from 'vitest';
import { BACKBONES, type BackboneName, InfNet, type InfNetOptions, parameterCount, UNet } from '../src/index.js';

const shapesOf = (options: InfNetOptions, image: readonly number[]): Record<string, readonly number[]> => {
  const net = new InfNet(options);
  const graph = trace(({ x }: { readonly x: Tensor }) => net.call(x), { x: image });
  return Object.fromEntries([...graph.outputs].map(([name, { shape }]) => [name, shape]));
};

describe('InfNet', () => {
  it.each(BACKBONES)(
    'with %s returns five maps of the size of the image, in the order of the reference',
    (backbone) => {
      const shapes = shapesOf({ backbone, width: 0.125, channels: 8 }, [2, 3, 64, 96]);
      expect(Object.keys(shapes)).toEqual(['lateralMap5', 'lateralMap4', 'lateralMap3', 'lateralMap2', 'lateralEdge']);
      expect(Object.values(shapes)).toEqual(Array(5).fill([2, 1, 64, 96]));
    },
  );

  it('takes reduced widths and other numbers of image channels', () => {
    expect(shapesOf({ width: 0.25, channels: 16, inputChannels: 1 }, [1, 1, 32, 32])['lateralMap2']).toEqual([
      1, 1, 32, 32,
    ]);
    const small = parameterCount(new InfNet({ width: 0.25, channels: 16 }));
    expect(small).toBeLessThan(parameterCount(new InfNet()) / 10);
  });

  it('says which sizes work', () => {
    const error = thrownBy(() => shapesOf({ width: 0.125 }, [1, 3, 352, 350]));
    expect(error.code).toBe('SHAPE_MULTIPLE');
    expect(error.message).toContain('352 x 350');
    expect(error.message).toContain('multiples of 32');
    expect(error.fix).toContain('352 x 352');
    expect(thrownBy(() => shapesOf({ width: 0.125 }, [1, 3, 10, 10])).fix).toContain('32 x 32');
    // VGG-16 halves once less.
    expect(shapesOf({ backbone: 'vgg16', width: 0.125 }, [1, 3, 48, 80])['lateralEdge']).toEqual([1, 1, 48, 80]);
    expect(thrownBy(() => shapesOf({ backbone: 'vgg16', width: 0.125 }, [1, 3, 40, 80])).message).toContain(
      'multiples of 16',
    );
  });

  it('refuses images of the wrong rank or number of channels, naming the layer', () => {
    expect(thrownBy(() => shapesOf({ width: 0.125 }, [3, 32, 32])).code).toMatch(/^SHAPE_/);
    const error = thrownBy(() => shapesOf({ width: 0.125 }, [1, 4, 32, 32]));
    expect(error.code).toMatch(/^SHAPE_/);
    expect(error.where).toContain('resnet.conv1.0');
  });

  it('says which options there are', () => {
    for (const options of [{ backbone: 'densenet' }, { width: 0 }, { channels: 0 }, { inputChannels: 1.5 }]) {
      expect(thrownBy(() => new InfNet(options as InfNetOptions)).code).toBe('MODULE_OPTION');
    }
  });

  it('hands training mode to every batch norm, those of the branches included', () => {
    for (const backbone of ['res2net50', 'vgg16'] satisfies BackboneName[]) {
      const net = new InfNet({ backbone, width: 0.125, channels: 4 }).train();
      const graph = trace(({ x }: { readonly x: Tensor }) => net.call(x), { x: [2, 3, 64, 64] });
      const norms = graph.nodes.filter(({ operator }) => operator.name === 'batchNorm2d');
      expect(norms.length).toBeGreaterThan(60);
      expect(norms.every(({ attributes }) => attributes['training'] === true)).toBe(true);
      expect(graph.updates.size).toBe(2 * norms.length);
      expect(schedule(graph).dispatches.length).toBeGreaterThan(0);
    }
  });
});

describe('gradients of InfNet', () => {
  it.each(BACKBONES)('with %s reach every parameter that the forward reads, and no other', (backbone) => {
    const net = new InfNet({ backbone, width: 0.125, channels: 4 }).train();
    const trained = net.parameters().filter(({ role }) => role === 'parameter');
    let reached: string[] = [];
    const step = ({ x, g }: Readonly<Record<'x' | 'g', Tensor>>): Tensor[] => {
      const upstreams = Object.values(net.call(x)).map((output) => ({ output, gradient: g }));
      const found = gradients(upstreams, trained);
      reached = trained.filter((_, i) => found[i] !== undefined).map(({ name }) => name);
      return found.filter((gradient) => gradient !== undefined);
    };
    const graph = trace(step, { x: [2, 3, 64, 64], g: [2, 1, 64, 64] });
    expect(reached).toEqual(trained.filter(({ unused }) => !unused).map(({ name }) => name));
    const shapes = trained.filter(({ unused }) => !unused).map(({ shape }) => shape);
    expect([...graph.outputs.values()].map(({ shape }) => shape)).toEqual(shapes);
    // What a step needs can be known, and refused, before anything is allocated.
    const { memory } = schedule(graph, { liveParameters: true });
    expect(memory.activations).toBeLessThan(memory.activationsWithoutReuse);
  });
});

describe('UNet', () => {
  it('takes any size from 16 on', () => {
    const net = new UNet({ width: 0.125 });
    const shape = (height: number, width: number): readonly number[] | undefined =>
      trace(({ x }: { readonly x: Tensor }) => net.call(x), { x: [1, 6, height, width] }).outputs.get('output')?.shape;
    for (const [height, width] of [
      [16, 16],
      [17, 31],
      [88, 104],
    ] as const)
      expect(shape(height, width)).toEqual([1, 3, height, width]);
    expect(thrownBy(() => shape(15, 40))).toMatchObject({ code: 'SHAPE_TOO_SMALL' });
  });

  it('has other numbers of inputs and outputs for the asking', () => {
    const net = new UNet({ inputChannels: 1, outputChannels: 2, width: 0.125 });
    const graph = trace(({ x }: { readonly x: Tensor }) => net.call(x), { x: [1, 1, 32, 32] });
    expect(graph.outputs.get('output')?.shape).toEqual([1, 2, 32, 32]);
  });
});
