/** `open()` in Node where `@infnet/node`, an optional peer, is not installed. */
import { describe, expect, it } from 'vitest';
import { leftOf, openPlatformAdapter } from '../src/context/platform.node.js';

const failing =
  (message: string, code = 'ERR_MODULE_NOT_FOUND') =>
  async (): Promise<never> => {
    throw Object.assign(new Error(message), { code });
  };

describe('open() in Node', () => {
  it('says what to install where @infnet/node is missing', async () => {
    const missing = failing("Cannot find package '@infnet/node' imported from /app/node_modules/@infnet/core/x.js");
    const error = await openPlatformAdapter({}, missing).catch((error: unknown) => error);
    expect(error).toMatchObject({
      code: 'DEVICE_NODE_NOT_INSTALLED',
      fix: expect.stringMatching(/npm i @infnet\/node .*fromDevice\(device\)/),
      cause: expect.any(Error),
    });
  });

  it('does not hide what else is wrong with it', async () => {
    const other = "Cannot find package 'webgpu' imported from /app/node_modules/@infnet/node/dist/dawn.js";
    await expect(openPlatformAdapter({}, failing(other))).rejects.toThrow(other);
    await expect(openPlatformAdapter({}, failing('Unexpected token', 'SOME_CODE'))).rejects.toThrow('Unexpected token');
  });
});

describe('memory for adapters on the CPU', () => {
  it('is nine tenths of what the machine has free, less what was promised and perhaps not touched yet', () => {
    let free = 1000;
    const left = leftOf(() => free);
    expect(left(0)).toBe(900);
    expect(left(300)).toBe(600); // allocated, not touched
    free = 700;
    expect(left(300)).toBe(600); // touched: the same memory is not counted twice
    free = 200;
    expect(left(300)).toBe(180); // another program took the rest
    free = 2000;
    expect(left(300)).toBe(1500); // and one has ended
    free = 0;
    expect(left(300)).toBe(0);
    expect(leftOf(() => undefined)(0)).toBeUndefined();
  });
});
