/** A misspelt option of a module would leave its default in place without a word. */
import { BasicConv2d } from '@infnet/conv-block';
import { EdgeBranch } from '@infnet/edge-attention';
import { Res2Net, Res2NetBlock, res2net50 } from '@infnet/res2net';
import { ReverseAttentionBranch } from '@infnet/reverse-attention';
import { expect, it } from 'vitest';
import { InfNet, UNet } from '../src/index.js';

const wrong = (name: string): never => ({ [name]: 1 }) as never;

it.each<[string, () => unknown]>([
  ['InfNet', () => new InfNet(wrong('widht'))],
  ['UNet', () => new UNet(wrong('classes'))],
  ['Res2Net', () => new Res2Net(wrong('basewidth'))],
  ['res2net50', () => res2net50(wrong('inChannels'))],
  ['Res2NetBlock', () => new Res2NetBlock(64, 16, wrong('strides'))],
  ['EdgeBranch', () => new EdgeBranch(8, wrong('channel'))],
  ['ReverseAttentionBranch', () => new ReverseAttentionBranch(wrong('inchannels'))],
  ['BasicConv2d', () => new BasicConv2d(3, 4, 3, wrong('paddding'))],
])('a misspelt option of %s is refused with those that there are', (_, make) => {
  expect(make).toThrow(/OPTION_UNKNOWN.*there is no option .*There are:/s);
});
