import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS, type Storage, schedule, trace } from '../src/index.js';
import type { Lifetime } from '../src/plan/first-fit.js';
import { assertFits } from '../src/plan/fit.js';
import { allocate, liveBytesBound } from '../src/plan/memory.js';
import { join, scale } from './operators.js';

const storage = (id: number, bytes: number): Storage => ({ id, bytes, kind: 'intermediate', label: `s${id}` });

describe('allocation by liveness', () => {
  it('never lets two living storages share a buffer, and never makes a buffer too small', () => {
    const lives = fc.array(fc.tuple(fc.integer({ min: 4, max: 1000 }), fc.nat(20), fc.nat(20)), { maxLength: 30 });
    fc.assert(
      fc.property(lives, (items) => {
        const table = new Map<Storage, Lifetime>();
        for (const [i, [bytes, a, b]] of items.entries()) {
          table.set(storage(i, bytes), { first: Math.min(a, b), last: Math.max(a, b) });
        }
        const allocations = allocate(table);
        expect(allocations.flatMap(({ storages }) => storages)).toHaveLength(items.length);
        for (const { bytes, storages } of allocations) {
          for (const [i, one] of storages.entries()) {
            expect(one.bytes).toBeLessThanOrEqual(bytes);
            for (const other of storages.slice(i + 1)) {
              const [x, y] = [table.get(one) as Lifetime, table.get(other) as Lifetime];
              expect(x.last < y.first || y.last < x.first).toBe(true);
            }
          }
        }
        const total = allocations.reduce((sum, { bytes }) => sum + bytes, 0);
        expect(total).toBeGreaterThanOrEqual(liveBytesBound(table));
      }),
    );
  });

  it('needs two buffers for a chain of any length', () => {
    const graph = trace(({ x }) => Array.from({ length: 10 }).reduce<typeof x>((value) => scale(value, 2), x), {
      x: [1, 1, 100],
    });
    const { memory } = schedule(graph, { fusion: false });
    expect(memory.activations).toBe(2 * 400);
    expect(memory.activationsWithoutReuse).toBe(11 * 400);
    expect(memory.activationsLowerBound).toBe(2 * 400);
  });
});

describe('a plan that does not fit', () => {
  // The test's kernel does not fold its line of workgroups.
  const manyWorkgroups = { ...DEFAULT_LIMITS, maxComputeWorkgroupsPerDimension: 2 ** 20 };
  const graph = trace(({ x }) => join([scale(x, 2), scale(x, 3)]), { x: [1, 64, 512, 512] });

  it('is refused with the figures when one tensor is over the binding limit', () => {
    const small = { ...DEFAULT_LIMITS, maxStorageBufferBindingSize: 100 * 2 ** 20 };
    expect(() => assertFits(schedule(graph), small, undefined)).toThrow(/MEMORY_LIMIT.*128\.0 MiB.*100\.0 MiB/s);
    expect(() => assertFits(schedule(graph), manyWorkgroups, undefined)).not.toThrow();
  });

  it('is refused with the figures when it is over the budget', () => {
    expect(() => assertFits(schedule(graph), DEFAULT_LIMITS, 150 * 2 ** 20)).toThrow(
      /MEMORY_BUDGET.*320\.0 MiB.*150\.0 MiB/s,
    );
    expect(() => assertFits(schedule(graph), manyWorkgroups, 330 * 2 ** 20)).not.toThrow();
  });
});
