import { describe, expect, it } from 'vitest';
import { PartClock } from '../src/peers/part-clock.js';

describe('the clock of a quick run', () => {
  it('gives each part its share of what is left', () => {
    let now = 100;
    const clock = new PartClock(60, [1, 3, 1, 1], () => now);
    clock.next();
    expect(clock.patience(5)).toBe(10);
    now += 10;
    expect(clock.isOver()).toBe(true);
    clock.next();
    expect(clock.patience(5)).toBe(30);
    now += 10;
    clock.next();
    expect(clock.patience(5)).toBe(20);
    expect(clock.isOver()).toBe(false);
    now += 100;
    expect(clock.isOver()).toBe(true);
    expect(clock.patience(5)).toBe(2);
    clock.next();
    expect(clock.patience(5)).toBe(2);
    clock.next();
    expect(clock.patience(5)).toBe(2);
  });

  it('lets a late request have the least, but not beyond the end', () => {
    let now = 0;
    const clock = new PartClock(20, [1, 1], () => now);
    clock.next();
    now = 9;
    expect(clock.patience(5)).toBe(5);
    now = 16;
    expect(clock.patience(5)).toBe(4);
  });
});
