#!/usr/bin/env node
/**
 * The command `infnet`. Plain JavaScript, so that it exists before anything is built and can say what is missing.
 * Exit codes: 0 all done, 1 some files failed, 2 usage or set-up, 130 interrupted.
 */
import { existsSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const entry = new URL('../dist/index.js', import.meta.url);

/** What is missing, or nothing if the failure has another cause. */
function notBuilt(error) {
  if (!existsSync(fileURLToPath(entry))) return 'infnet is not built yet';
  const lacking = error?.code === 'ERR_MODULE_NOT_FOUND' || error?.code === 'ERR_PACKAGE_PATH_NOT_EXPORTED';
  return lacking ? `a part of infnet is not installed or not built (${error.message.split('\n')[0]})` : undefined;
}

try {
  const { runInProcess } = await import(entry.href);
  await runInProcess(process.argv.slice(2));
} catch (error) {
  const missing = notBuilt(error);
  if (missing === undefined) throw error;
  console.error(`infnet: ${missing}.\n  Fix: in the repository, run npm ci and then: npm run build`);
  process.exitCode = 2;
}
