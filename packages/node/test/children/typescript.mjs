/**
 * Lets a child process of a test run the TypeScript sources as they are:
 * `node --conditions=@infnet/source --import ./typescript.mjs child.mjs`.
 */
import { register } from 'node:module';

register('./typescript-hooks.mjs', import.meta.url);
