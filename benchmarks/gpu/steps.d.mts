export function commands(options: {
  readonly root: string;
  readonly work: string;
  readonly size: number;
  readonly quick: boolean;
  readonly python: string;
}): Readonly<Record<string, (seconds: number) => string[][]>>;
