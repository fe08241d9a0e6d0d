export function testFiles(name: string): { readonly file: string; readonly name: string }[];
export function isNodeTest(file: string): boolean;
export function bundleTests(packages: readonly string[], out: string): Promise<string[]>;
