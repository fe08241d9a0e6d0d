/**
 * Takes the place of npm `webgpu`'s entry in the bundle and adds the flags of INFNET_DAWN_FLAGS (comma-separated) to
 * every GPU. The run turns the rounding of timestamps off with it: Dawn rounds them to 65 us, which is longer than most
 * layers on a large card.
 */
import { create as createPlain, globals, isMac } from './original.js';

const flags = (process.env.INFNET_DAWN_FLAGS ?? '').split(',').filter((flag) => flag !== '');

export const create = (own) => createPlain([...own, ...flags]);
export { globals, isMac };
