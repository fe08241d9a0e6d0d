/** The packages whose exports are walked, through all their doors. */
import * as conv from '@infnet/conv';
import * as convKernels from '@infnet/conv/kernels';
import * as convBlock from '@infnet/conv-block';
import * as core from '@infnet/core';
import * as coreKernels from '@infnet/core/kernels';
import * as coreTune from '@infnet/core/tune';
import * as edgeAttention from '@infnet/edge-attention';
import * as nn from '@infnet/nn';
import * as nnKernels from '@infnet/nn/kernels';
import * as partialDecoder from '@infnet/partial-decoder';
import * as res2net from '@infnet/res2net';
import * as reverseAttention from '@infnet/reverse-attention';
import * as trainer from '@infnet/trainer';
import * as trainerKernels from '@infnet/trainer/kernels';

/** Package and subpath to what it exports. */
export const doors: Readonly<Record<string, object>> = {
  conv,
  'conv/kernels': convKernels,
  'conv-block': convBlock,
  core,
  'core/kernels': coreKernels,
  'core/tune': coreTune,
  'edge-attention': edgeAttention,
  nn,
  'nn/kernels': nnKernels,
  'partial-decoder': partialDecoder,
  res2net,
  'reverse-attention': reverseAttention,
  trainer,
  'trainer/kernels': trainerKernels,
};

const all: Record<string, object> = {};
for (const [door, exports] of Object.entries(doors)) {
  const name = door.replace(/\/.*/, '');
  all[name] = Object.assign({}, all[name], exports);
}

/** Package to all that its doors export. */
export const packages: Readonly<Record<string, object>> = all;
