/** Operators that fusion rules and the exporter know: all that have a translation are known under its name. */
import { ONNX_OPERATORS } from '@infnet/checkpoint';
import * as conv from '@infnet/conv';
import * as convBlock from '@infnet/conv-block';
import { type Operator, standardName } from '@infnet/core';
import * as core from '@infnet/core/kernels';
import * as nn from '@infnet/nn';
import * as nnKernels from '@infnet/nn/kernels';
import * as partialDecoder from '@infnet/partial-decoder';
import * as res2net from '@infnet/res2net';
import * as reverseAttention from '@infnet/reverse-attention';
import { expect, it } from 'vitest';

it('every operator with an ONNX translation is known under its name', () => {
  const exported = [core, conv, nn, nnKernels, convBlock, res2net, partialDecoder, reverseAttention].flatMap((all) =>
    Object.entries(all).flatMap(([name, value]) =>
      /Operator$/.test(name) && typeof value === 'object' ? [value] : [],
    ),
  ) as unknown as Operator[];
  const known = new Set(exported.map(standardName));
  expect(Object.keys(ONNX_OPERATORS).filter((name) => !known.has(name))).toEqual([]);
});
