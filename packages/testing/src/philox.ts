/** Philox 4x32-10 with the integers of JavaScript: a reference for what kernels draw. */

/** Upper and lower word of a * b. */
function wideProduct(a: number, b: number): readonly [high: number, low: number] {
  const product = BigInt(a) * BigInt(b);
  return [Number(product >> 32n), Number(product & 0xffffffffn)];
}

export type Words = readonly [number, number, number, number];

/** Four random words of a counter and a key, as unsigned numbers. */
export function philox(counter: Words, key: readonly [number, number]): Words {
  let [a, b, c, d] = counter;
  let [k, l] = key;
  for (let round = 0; round < 10; round++) {
    const [firstHigh, firstLow] = wideProduct(0xd2511f53, a);
    const [secondHigh, secondLow] = wideProduct(0xcd9e8d57, c);
    [a, b, c, d] = [(secondHigh ^ b ^ k) >>> 0, secondLow, (firstHigh ^ d ^ l) >>> 0, firstLow];
    [k, l] = [(k + 0x9e3779b9) >>> 0, (l + 0xbb67ae85) >>> 0];
  }
  return [a, b, c, d];
}

/** Published answers (kat_vectors of Random123): counter, key, what comes out. */
export const PHILOX_ANSWERS: readonly (readonly [counter: Words, key: readonly [number, number], answer: Words])[] = [
  [
    [0, 0, 0, 0],
    [0, 0],
    [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
  ],
  [
    [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    [0xffffffff, 0xffffffff],
    [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  ],
  [
    [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    [0xa4093822, 0x299f31d0],
    [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  ],
];
