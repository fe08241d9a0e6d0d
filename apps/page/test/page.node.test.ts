/**
 * The built page in headless Chromium on SwiftShader: every place's main path, what may go wrong, and the same bits as
 * in Node.
 */
import { afterAll, beforeAll } from 'vitest';
import { buildTests } from './suites/builds.js';
import { deviceTests } from './suites/devices.js';
import { folderTests } from './suites/folders.js';
import { frameTests } from './suites/frame.js';
import { inspectAndCompareTests } from './suites/inspect-compare.js';
import { ownSlicesTests } from './suites/own-slices.js';
import { policyTests } from './suites/policy.js';
import { segmentTests } from './suites/segment.js';
import { taskTests } from './suites/tasks.js';
import { trainTests } from './suites/train.js';
import { BuiltPage } from './support.js';

// One build and one browser serve all of them: that is why they are no test files of their own.
let built: BuiltPage;
beforeAll(async () => {
  built = await BuiltPage.open();
});
afterAll(() => built?.close());

const page = (): BuiltPage => built;
segmentTests(page);
folderTests(page);
trainTests(page);
taskTests(page);
ownSlicesTests(page);
inspectAndCompareTests(page);
frameTests(page);
deviceTests(page);
policyTests(page);
buildTests(page);
