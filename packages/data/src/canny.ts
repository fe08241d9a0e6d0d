/**
 * Edge maps of masks, as the released `binary2edge`: threshold, then OpenCV's Canny(10, 150), to the bit (quirk 21).
 *
 * Canny here: 3x3 Sobel gradients with replicated borders, magnitude |gx| + |gy|, non-maximum suppression along one of
 * four directions (sectors of 22.5 degrees told apart in 15-bit fixed point, with OpenCV's choice of > on one side and
 * >= on the other), then hysteresis over 8 neighbours. The magnitude outside the picture is zero.
 */
import { dataError } from './errors.js';
import { checkSize, type GreyImage } from './image.js';

/** tan(22.5 degrees) in 15-bit fixed point. */
const TAN_22 = 13573;
const NONE = 0;
const WEAK = 1;
const EDGE = 2;

/** Thresholds `mask > 128` to 0/255 and returns `cv2.Canny(binary, 10, 150)`: 255 on edges, else 0. */
export function binaryToEdge(mask: GreyImage): GreyImage {
  const binary = mask.data.map((value) => (value > 128 ? 255 : 0));
  return canny({ ...mask, data: binary }, 10, 150);
}

/** `cv2.Canny(image, low, high)` with aperture 3 and the L1 gradient: 255 on edges, else 0. */
export function canny(image: GreyImage, low: number, high: number): GreyImage {
  checkSize(image, 'image for Canny');
  if (!(low >= 0 && high >= low)) {
    throw dataError({ code: 'DATA_ARGUMENT', message: `Canny needs 0 <= low <= high, got low ${low}, high ${high}.` });
  }
  const { width, height } = image;
  const { gx, gy, magnitude } = gradients(image);
  const stride = width + 2;
  const state = new Uint8Array(width * height);
  const pending: number[] = [];
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const at = (y + 1) * stride + x + 1;
      const m = magnitude[at] as number;
      if (m <= Math.floor(low)) continue;
      if (!isRidge(magnitude, at, stride, gx[i] as number, gy[i] as number)) continue;
      const strong = m > Math.floor(high);
      state[i] = strong ? EDGE : WEAK;
      if (strong) pending.push(i);
    }
  }
  for (let i = pending.pop(); i !== undefined; i = pending.pop()) {
    const x = i % width;
    const y = (i - x) / width;
    for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny++) {
      for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx++) {
        const n = ny * width + nx;
        if (state[n] !== WEAK) continue;
        state[n] = EDGE;
        pending.push(n);
      }
    }
  }
  return { width, height, channels: 1, data: state.map((s) => (s === EDGE ? 255 : NONE)) };
}

/** Sobel gradients, and their magnitude in an array with a border of zeros. */
function gradients({ width, height, data }: GreyImage): { gx: Int16Array; gy: Int16Array; magnitude: Int32Array } {
  const gx = new Int16Array(width * height);
  const gy = new Int16Array(width * height);
  const magnitude = new Int32Array((width + 2) * (height + 2));
  for (let y = 0, i = 0; y < height; y++) {
    const up = Math.max(0, y - 1) * width;
    const here = y * width;
    const down = Math.min(height - 1, y + 1) * width;
    for (let x = 0; x < width; x++, i++) {
      const l = Math.max(0, x - 1);
      const r = Math.min(width - 1, x + 1);
      const px = (row: number, column: number): number => data[row + column] as number;
      const h = px(up, r) - px(up, l) + 2 * (px(here, r) - px(here, l)) + px(down, r) - px(down, l);
      const v = px(down, l) - px(up, l) + 2 * (px(down, x) - px(up, x)) + px(down, r) - px(up, r);
      gx[i] = h;
      gy[i] = v;
      magnitude[(y + 1) * (width + 2) + x + 1] = Math.abs(h) + Math.abs(v);
    }
  }
  return { gx, gy, magnitude };
}

/** Whether the magnitude at `at` is a maximum across the edge, i.e. along the gradient. */
function isRidge(magnitude: Int32Array, at: number, stride: number, gx: number, gy: number): boolean {
  const m = magnitude[at] as number;
  const x = Math.abs(gx);
  const y = Math.abs(gy) * 32768;
  const shallow = x * TAN_22;
  if (y < shallow) return m > (magnitude[at - 1] as number) && m >= (magnitude[at + 1] as number);
  const steep = shallow + x * 65536;
  if (y > steep) return m > (magnitude[at - stride] as number) && m >= (magnitude[at + stride] as number);
  const side = (gx ^ gy) < 0 ? -1 : 1;
  return m > (magnitude[at - stride - side] as number) && m > (magnitude[at + stride + side] as number);
}
