/** The walks see every door of the packages that they walk, and each thing is behind one door. */
import { expect, it } from 'vitest';
import { doors, packages } from './packages.js';
import { sourceDoors } from './source-doors.js';

const ofPackage = (door: string): string => door.replace(/\/.*/, '');

it('every door that a manifest has is walked', () => {
  const there = [...sourceDoors().keys()].filter((door) => ofPackage(door) in packages);
  expect(Object.keys(doors).sort()).toEqual(there.sort());
});

it('nothing is behind two doors of a package', () => {
  for (const [name, all] of Object.entries(packages)) {
    const own = Object.entries(doors).flatMap(([door, exports]) =>
      ofPackage(door) === name ? Object.keys(exports) : [],
    );
    expect(own.sort(), name).toEqual(Object.keys(all).sort());
  }
});

it.each(['core', 'conv', 'nn', 'trainer'])(
  'kernels, calls and gradient operators of %s are behind its kernels',
  (name) => {
    const below = Object.keys(doors[name] as object).filter((key) =>
      /(?:Kernel|Calls?|Gradient\w*Operator)$/.test(key),
    );
    expect(below).toEqual([]);
  },
);
