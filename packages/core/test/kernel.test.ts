import { describe, expect, it } from 'vitest';
import { describeCall, dispatchLine, type Kernel, kernelVariant, packParameters } from '../src/kernels.js';

const kernel: Kernel = {
  name: 'test/layout',
  source: `
    // @group(0) @binding(9) var<storage, read> commentedOut: array<f32>;
    struct Params { count: u32, shift: i32, scale: f32, }
    @group(0) @binding(0) var<uniform> params: Params;
    @group(0) @binding(1) var<storage, read> x: array<f32>;
    #if TWO
    @group(0) @binding(2) var<storage> z: array<f32>;
    #end
    @group(0) @binding(3) var<storage, read_write> y: array<f32>;`,
};

describe('a kernel', () => {
  it('has the layout that its text says', () => {
    const variant = kernelVariant(kernel, { TWO: 1 });
    expect(variant.bindings).toEqual([
      { name: 'x', binding: 1, access: 'read' },
      { name: 'z', binding: 2, access: 'read' },
      { name: 'y', binding: 3, access: 'read_write' },
    ]);
    expect(variant.parameters.map(({ name, type }) => `${name}: ${type}`)).toEqual([
      'count: u32',
      'shift: i32',
      'scale: f32',
    ]);
    expect(kernelVariant(kernel, { TWO: 0 }).bindings.map(({ name }) => name)).toEqual(['x', 'y']);
  });

  it('is expanded once for equal constants', () => {
    expect(kernelVariant(kernel, { TWO: 1 })).toBe(kernelVariant(kernel, { TWO: 1 }));
  });

  it('packs parameters little-endian, padded to 16 bytes', () => {
    const bytes = packParameters(kernelVariant(kernel, { TWO: 0 }), { count: 7, shift: -2, scale: 0.5 });
    const view = new DataView(bytes);
    expect([bytes.byteLength, view.getUint32(0, true), view.getInt32(4, true), view.getFloat32(8, true)]).toEqual([
      16, 7, -2, 0.5,
    ]);
  });

  it.each([
    [{ count: 1, shift: 1 }, 'parameter "scale" is missing'],
    [{ count: -1, shift: 1, scale: 1 }, 'parameter "count" = -1 is not a u32'],
    [{ count: 1, shift: 0.5, scale: 1 }, 'parameter "shift" = 0.5 is not an i32'],
    [{ count: 1, shift: 1, scale: 1, extra: 1 }, 'unknown parameters: extra'],
  ])('refuses %j', (values, message) => {
    expect(() => packParameters(kernelVariant(kernel, { TWO: 0 }), values)).toThrow(message);
  });

  it('describes a call as plain data', () => {
    const params = { count: 1, shift: 0, scale: 1 };
    const call = describeCall({ kernel, constants: { TWO: 0 }, params, workgroups: [1, 2, 3], flops: 0, bytes: 0 });
    expect(structuredClone(call)).toEqual(call);
    expect(call).toMatchObject({ entryPoint: 'main', workgroups: [1, 2, 3] });
  });

  it('is dispatched in rows when there are more workgroups than one dimension takes', () => {
    expect(dispatchLine(0)).toEqual([1, 1, 1]);
    expect(dispatchLine(65535)).toEqual([65535, 1, 1]);
    const [x, y] = dispatchLine(200_000);
    expect(x).toBeLessThanOrEqual(65535);
    expect(x * y).toBeGreaterThanOrEqual(200_000);
  });
});
