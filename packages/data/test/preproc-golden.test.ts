/** Everything of `golden/preproc`: produced by Pillow 9.4, OpenCV 4.6 and the authors' loader. */
import { expectClose, itWithGolden } from '@infnet/testing';
import { describe, expect } from 'vitest';
import {
  binaryToEdge,
  type GreyImage,
  preprocessMask,
  preprocessSlice,
  type RgbImage,
  resizeCv2,
  resizePillow,
} from '../src/index.js';

const PATH = 'preproc/preproc';

function grey(shape: readonly number[], data: Uint8Array): GreyImage {
  return { width: shape[1] as number, height: shape[0] as number, channels: 1, data };
}

function rgb(shape: readonly number[], data: Uint8Array): RgbImage {
  return { width: shape[1] as number, height: shape[0] as number, channels: 3, data };
}

describe('against the goldens', () => {
  for (const name of ['down', 'up', 'down_big', 'same']) {
    itWithGolden(`dataset/${name}: Pillow resize exact, tensors within 1e-6`, PATH, (golden) => {
      const at = `dataset/${name}`;
      const image = rgb(golden.shape(`${at}/img_u8`), golden.u8(`${at}/img_u8`));
      expect(resizePillow(image, 64, 64).data).toEqual(golden.u8(`${at}/img_resized_u8`));
      const tensor = preprocessSlice(image, 64);
      expect(tensor.shape).toEqual([1, 3, 64, 64]);
      expectClose(tensor.data, golden.f32(`${at}/image`), { maxAbs: 1e-6 }, 'image');
      for (const [part, from] of [
        ['gt', 'mask_u8'],
        ['edge', 'edge_u8'],
      ] as const) {
        const soft = preprocessMask(grey(golden.shape(`${at}/${from}`), golden.u8(`${at}/${from}`)), 64);
        expect(soft.shape).toEqual([1, 1, 64, 64]);
        expectClose(soft.data, golden.f32(`${at}/${part}`), { maxAbs: 1e-7 }, part);
      }
    });
  }

  for (const name of ['disc', 'two', 'noisy', 'soft', 'border']) {
    itWithGolden(`binary2edge/${name}: exact`, PATH, (golden) => {
      const at = `binary2edge/${name}`;
      const edge = binaryToEdge(grey(golden.shape(`${at}/mask_u8`), golden.u8(`${at}/mask_u8`)));
      expect(edge.data).toEqual(golden.u8(`${at}/edge_u8`));
    });
  }

  for (const name of ['down', 'up', 'label']) {
    itWithGolden(`cv2_resize/${name}: exact`, PATH, (golden) => {
      const at = `cv2_resize/${name}`;
      const [height, width] = golden.shape(`${at}/dst_u8`) as [number, number];
      const resized = resizeCv2(grey(golden.shape(`${at}/src_u8`), golden.u8(`${at}/src_u8`)), width, height);
      expect(resized.data).toEqual(golden.u8(`${at}/dst_u8`));
    });
  }
});
