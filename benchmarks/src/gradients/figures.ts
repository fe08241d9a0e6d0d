/** Rates of the passes: of every layer, and of a whole net, each layer counted as often as it occurs. */
import type { LayerShape } from '../peers/protocol.js';
import { summarize, type Timing } from '../statistics.js';
import { PASSES, type PassName } from './passes.js';

/** Samples of one layer; sample i of every pass was taken in the same round. Seconds of one occurrence. */
export interface LayerSamples {
  readonly label: string;
  readonly path: string;
  readonly count: number;
  readonly flops: number;
  /** What another library needs to do the same. */
  readonly shape: LayerShape;
  readonly seconds: Readonly<Partial<Record<PassName, readonly number[]>>>;
}

export interface PassFigure {
  readonly milliseconds: Timing;
  readonly gflopsPerSecond: number;
  /** Rate by the forward's rate. */
  readonly ofForward: number;
}

export interface LayerFigures {
  readonly label: string;
  readonly path: string;
  readonly count: number;
  readonly gflop: number;
  readonly passes: Readonly<Partial<Record<PassName, PassFigure>>>;
}

export interface TotalFigure {
  /** Over the layers that have the pass, times their counts. */
  readonly gflop: number;
  /** Sum of the medians. */
  readonly seconds: number;
  readonly gflopsPerSecond: number;
  readonly ofForward: number;
  /** The same ratio, round by round. */
  readonly ofForwardByRound: Timing;
}

export function layerFigures({ label, path, count, flops, seconds }: LayerSamples): LayerFigures {
  const forward = summarize(seconds.forward ?? []).median;
  const passes: Partial<Record<PassName, PassFigure>> = {};
  for (const name of PASSES) {
    const samples = seconds[name];
    if (samples === undefined) continue;
    const { median } = summarize(samples);
    passes[name] = {
      milliseconds: summarize(samples.map((value) => value * 1e3)),
      gflopsPerSecond: flops / median / 1e9,
      ofForward: forward / median,
    };
  }
  return { label, path, count, gflop: flops / 1e9, passes };
}

/** Sum of FLOPs by sum of median times. A layer without an input gradient counts in neither sum of that pass. */
export function totals(layers: readonly LayerSamples[]): Record<PassName, TotalFigure> {
  const rate = (name: PassName, time: (samples: readonly number[]) => number): [flops: number, seconds: number] => {
    let [flops, seconds] = [0, 0];
    for (const layer of layers) {
      const samples = layer.seconds[name];
      if (samples === undefined) continue;
      flops += layer.count * layer.flops;
      seconds += layer.count * time(samples);
    }
    return [flops, seconds];
  };
  const rounds = Math.min(...layers.map(({ seconds }) => seconds.forward?.length ?? 0));
  const inRound = (name: PassName, round: number): number => {
    const [flops, seconds] = rate(name, (samples) => samples[round] as number);
    return flops / seconds;
  };
  const [forwardFlops, forwardSeconds] = rate('forward', (samples) => summarize(samples).median);
  const figure = (name: PassName): TotalFigure => {
    const [flops, seconds] = rate(name, (samples) => summarize(samples).median);
    const ratios = Array.from({ length: rounds }, (_, round) => inRound(name, round) / inRound('forward', round));
    return {
      gflop: flops / 1e9,
      seconds,
      gflopsPerSecond: flops / seconds / 1e9,
      ofForward: flops / seconds / (forwardFlops / forwardSeconds),
      ofForwardByRound: summarize(ratios),
    };
  };
  return {
    forward: figure('forward'),
    inputGradient: figure('inputGradient'),
    weightGradient: figure('weightGradient'),
  };
}
