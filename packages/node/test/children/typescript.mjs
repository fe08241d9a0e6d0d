/**
 * Lets a child process of a test run the TypeScript sources as they are:
 * `node --conditions=@infnet/source --import ./typescript.mjs child.mjs`.
 *
 * Hooks of the same thread where Node has them (22.15 and newer); `register` for Node 20, which Node 26 warns of on
 * stderr.
 */
import * as module from 'node:module';
import * as hooks from './typescript-hooks.mjs';

if (module.registerHooks === undefined) module.register('./typescript-hooks.mjs', import.meta.url);
else module.registerHooks(hooks);
