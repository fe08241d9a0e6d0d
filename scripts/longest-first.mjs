/**
 * The order of test files: the page's first, which takes two minutes in one process, so that the other process works
 * beside it; the others as vitest has them. A fresh clone knows no durations.
 */
import { BaseSequencer } from 'vitest/node';

export class LongestFirst extends BaseSequencer {
  async sort(files) {
    const sorted = await super.sort(files);
    const isPage = ({ moduleId }) => moduleId.endsWith('apps/page/test/page.node.test.ts');
    return [...sorted.filter(isPage), ...sorted.filter((file) => !isPage(file))];
  }
}
