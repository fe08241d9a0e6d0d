/** No test and no hook has a limit of time: it would fail where a machine is slow. Part of `npm run lint`. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './tools.mjs';

/** A limit as the last argument of a test or hook, or as an option of one. */
const LIMIT = /^\s*\}, (?:\d{3,}|\d+_[\d_]+)\);|\b(?:testTimeout|hookTimeout|timeout): [1-9][\d_]*/;

const listed = execFileSync('git', ['ls-files', '*/test/*.ts', '*/test/**/*.ts'], { cwd: root, encoding: 'utf8' });
const found = listed
  .split('\n')
  .filter(Boolean)
  .flatMap((file) =>
    readFileSync(join(root, file), 'utf8')
      .split('\n')
      .flatMap((line, i) => (LIMIT.test(line) ? [`${file}:${i + 1}: ${line.trim()}`] : [])),
  );
if (found.length > 0) {
  console.error(`tests with a limit of time (count events instead; CONTRIBUTING.md):\n${found.join('\n')}`);
  process.exitCode = 1;
}
