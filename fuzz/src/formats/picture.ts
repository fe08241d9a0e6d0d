/** Everything that is done with a picture from outside. */
import {
  decodeImage,
  formatOf,
  isPhantom,
  rangeNote,
  readClassMap,
  readProvenance,
  toGrey8,
  toRgb8,
} from '@infnet/data';

/** @returns bytes of the picture in all forms that were made of it */
export async function readPicture(bytes: Uint8Array): Promise<number> {
  formatOf(bytes.subarray(0, 4096));
  isPhantom(bytes);
  const image = await decodeImage(bytes, 'picture');
  const { data, indices, width, height, format } = image;
  rangeNote(image);
  readClassMap(image);
  toGrey8(image, { range: 'minmax' });
  toRgb8(image);
  readProvenance(bytes);
  // The JPEG decoder makes RGBA of every picture.
  const decoder = format === 'jpeg' ? 4 : 0;
  return data.byteLength + (indices?.byteLength ?? 0) + (5 + decoder) * width * height;
}
