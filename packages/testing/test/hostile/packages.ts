/** The packages whose exports are walked. */
import * as conv from '@infnet/conv';
import * as convBlock from '@infnet/conv-block';
import * as core from '@infnet/core';
import * as edgeAttention from '@infnet/edge-attention';
import * as nn from '@infnet/nn';
import * as partialDecoder from '@infnet/partial-decoder';
import * as res2net from '@infnet/res2net';
import * as reverseAttention from '@infnet/reverse-attention';
import * as trainer from '@infnet/trainer';

export const packages: Readonly<Record<string, object>> = {
  conv,
  'conv-block': convBlock,
  core,
  'edge-attention': edgeAttention,
  nn,
  'partial-decoder': partialDecoder,
  res2net,
  'reverse-attention': reverseAttention,
  trainer,
};
