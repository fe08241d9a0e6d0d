/**
 * What users install beside infnet's packages is examined by the lock file alone (`scripts/check-dependencies.mjs`).
 */
import { describe, expect, it } from 'vitest';
import { examine, installedWith, licenceProblem } from '../../../scripts/check-dependencies.mjs';

const others = {
  'node_modules/@infnet/core': { link: true, resolved: 'packages/core' },
  'node_modules/@infnet/node': { link: true, resolved: 'packages/node' },
  'node_modules/@infnet/swiftshader': { link: true, resolved: 'packages/swiftshader' },
  'node_modules/a': { version: '1.0.0', license: 'MIT', dependencies: { b: '^2' } },
  'node_modules/a/node_modules/b': { version: '2.0.0', license: 'ISC' },
  'node_modules/b': { version: '1.0.0', license: 'GPL-3.0' },
  'node_modules/webgpu': { version: '1.0.0', license: 'MIT', hasInstallScript: true },
  'packages/core': { dependencies: { a: '1.0.0' } },
  'packages/node': { dependencies: { webgpu: '1.0.0' } },
  'packages/swiftshader': {},
};
const core = new Map([['core', 'packages/core']]);
const withCore = (manifest: object): object => ({ ...others, 'packages/core': manifest });

describe('what is installed with a package', () => {
  it('is found as Node finds it, each with the way that leads there', () => {
    expect([...installedWith(others, 'packages/core')]).toEqual([
      ['node_modules/a', ['a']],
      ['node_modules/a/node_modules/b', ['a', 'b']],
    ]);
  });

  it('has peers, but for optional ones', () => {
    const peerDependencies = { '@infnet/node': '0.1.0' };
    const peerDependenciesMeta = { '@infnet/node': { optional: true } };
    expect(installedWith(withCore({ peerDependencies }), 'packages/core').has('node_modules/webgpu')).toBe(true);
    expect(installedWith(withCore({ peerDependencies, peerDependenciesMeta }), 'packages/core').size).toBe(0);
  });
});

describe('dependencies', () => {
  it('are right where all licences are known', () => {
    expect(examine(others, core).problems).toEqual([]);
    expect(examine(others, new Map([['node', 'packages/node']])).problems).toEqual([]);
  });

  it('may not have another licence, or none', () => {
    expect(examine(withCore({ dependencies: { b: '1' } }), core).problems).toEqual([
      expect.stringMatching(/^b 1\.0\.0, for @infnet\/core, has the licence GPL-3\.0/),
    ]);
    expect(licenceProblem(undefined)).toBe('has no licence');
    expect(licenceProblem('(MIT OR GPL-3.0)')).toBeUndefined();
    expect(licenceProblem('MIT AND Zlib')).toBeUndefined();
    expect(licenceProblem('(MIT AND GPL-3.0)')).toContain('GPL-3.0');
  });

  it('may not need an install script', () => {
    const scripted = { ...others, 'node_modules/a': { version: '1.0.0', license: 'MIT', hasInstallScript: true } };
    expect(examine(scripted, core).problems).toEqual([
      expect.stringContaining('a 1.0.0, for @infnet/core, has an install script'),
    ]);
  });

  it('bring machine code to Node alone, and the download of SwiftShader to the command line', () => {
    expect(examine(withCore({ dependencies: { '@infnet/node': '0.1.0' } }), core).problems).toEqual([
      expect.stringContaining('installs webgpu'),
    ]);
    expect(examine(withCore({ dependencies: { '@infnet/swiftshader': '0.1.0' } }), core).problems).toEqual([
      expect.stringContaining('downloads SwiftShader'),
    ]);
  });
});
