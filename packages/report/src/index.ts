export type { ReportErrorCode } from './errors.js';
export { renderReport } from './page.js';
export * from './types.js';
