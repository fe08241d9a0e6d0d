/**
 * The experimental kernel for matrix units compiles as it would for a card, without a warning.
 *
 * No software adapter has the feature. Dawn's null backend has: it validates shaders and pipelines as every backend
 * does, and computes nothing. What the builtins compute is therefore not tested anywhere but on a card, by the probe.
 */
import { DEFAULT_PROFILE } from '@infnet/core';
import { describeCall, type KernelCall, SUBGROUP_MATRIX_FEATURE } from '@infnet/core/kernels';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { create } from 'webgpu';
import { type GatherOperands, gatherCall } from '../src/forward/call.js';
import { forwardGather } from '../src/forward/gather.js';
import { matrixTiles } from '../src/forward/gemm-matrix.js';
import { KERNELS } from '../src/forward/registry.js';
import { geometryOfCase } from './reference.js';

// Dawn's GPU must live as long as its device.
let gpu: GPU;
let device: GPUDevice;
beforeAll(async () => {
  gpu = create(['backend=null', 'enable-dawn-features=allow_unsafe_apis']);
  const adapter = (await gpu.requestAdapter()) as GPUAdapter;
  device = await adapter.requestDevice({ requiredFeatures: [SUBGROUP_MATRIX_FEATURE, 'subgroups', 'shader-f16'] });
});
afterAll(() => device.destroy());

const CARD = { ...DEFAULT_PROFILE, hasF16: true, subgroupSize: 32 };
const gather = forwardGather(geometryOfCase({ input: [2, 26, 9, 9], weight: [52, 26, 3, 3], padding: 1 }));
const range = { offset: 0, batchStride: 0 };

/** What NVIDIA's cards list, and the size of Apple's. */
const SIZES = [
  { M: 16, N: 16, K: 16 },
  { M: 16, N: 8, K: 16 },
  { M: 8, N: 8, K: 8 },
] as const;

function call(size: (typeof SIZES)[number], operands: Partial<GatherOperands> = {}, tile = '64x64x32'): KernelCall {
  const subgroupMatrix = { ...size, subgroupSize: 32 };
  const kernel = KERNELS.named(`gemm-matrix/${tile}`);
  const profile = { ...CARD, subgroupMatrix };
  return gatherCall(kernel, gather, { x: range, y: range, ...operands }, profile, { flops: 0, bytes: 0 });
}

/** What Dawn says about a call's shader and pipeline: nothing where all is well. */
async function complaints(code: string): Promise<string[]> {
  device.pushErrorScope('validation');
  const module = device.createShaderModule({ code });
  const { messages } = await module.getCompilationInfo();
  device.createComputePipeline({ layout: 'auto', compute: { module, entryPoint: 'main' } });
  const error = await device.popErrorScope();
  return [
    ...messages.map(({ type, message, lineNum }) => `${type} ${lineNum}: ${message}`),
    error?.message ?? '',
  ].filter((text) => text !== '');
}

describe.each(SIZES)('with matrices of $M x $N x $K', (size) => {
  it.each(['none', 'bias', 'scaleShift'] as const)('affine %s, and all else that is fused', async (affine) => {
    for (const residual of [undefined, range])
      for (const halfWeights of [false, true])
        expect(await complaints(describeCall(call(size, { affine, residual, halfWeights })).code)).toEqual([]);
  });

  it('an addend, operands in the storage that is written', async () => {
    for (const operands of [
      { addend: range },
      { addend: range, addendInOutput: true },
      { xInOutput: true, halfWeights: true },
    ])
      expect(await complaints(describeCall(call(size, operands)).code)).toEqual([]);
  });

  it('every tile that fits the workgroup memory', async () => {
    const subgroupMatrix = { ...size, subgroupSize: 32 };
    const tiles = matrixTiles({ ...CARD, subgroupMatrix });
    expect(tiles.length).toBeGreaterThan(2);
    for (const { TILE_M, TILE_N, TILE_K } of tiles)
      expect(await complaints(describeCall(call(size, {}, `${TILE_M}x${TILE_N}x${TILE_K}`)).code)).toEqual([]);
  });
});

it('the null backend notices what is wrong', async () => {
  const { code } = describeCall(call(SIZES[0]));
  expect(code).toContain('subgroupMatrixMultiplyAccumulate(left0, right0, sums0_0)');
  expect(await complaints(code.replace('(left0, right0,', '(right0, left0,'))).not.toEqual([]);
  expect(await complaints(code.replace('row_major>(&sources', 'row_major>(&nothing'))).not.toEqual([]);
});
