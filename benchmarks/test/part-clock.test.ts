import { describe, expect, it } from 'vitest';
import { PartClock } from '../src/peers/part-clock.js';

describe('the clock of a quick run', () => {
  it('gives each part an equal share of what is left', () => {
    let now = 100;
    const clock = new PartClock(60, 3, () => now);
    expect(clock.patience(5)).toBe(20);
    now += 10;
    clock.next();
    expect(clock.patience(5)).toBe(25);
    expect(clock.isOver()).toBe(false);
    now += 40;
    expect(clock.isOver()).toBe(true);
    expect(clock.patience(5)).toBe(5);
    clock.next();
    expect(clock.patience(5)).toBe(10);
    now += 100;
    clock.next();
    expect(clock.patience(5)).toBe(5);
  });
});
