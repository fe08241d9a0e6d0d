/** The first half of a round: the strategy says which images, the net labels them. */
import { InfnetError } from '@infnet/core';
import { ImagePredictor, type ImagePredictorOptions } from './image-predictor.js';
import { encodeLabel, type LabelEncoding, labelHash, type PseudoLabel, type PseudoLabelStore } from './labels.js';
import type { RoundContext, RoundPlan, RoundRecord, SemiStrategy } from './strategy.js';
import { imageName } from './unlabelled.js';

export interface LabellingOptions {
  readonly predictor: ImagePredictorOptions;
  readonly strategy: SemiStrategy;
  readonly round: Omit<RoundContext, 'predict'>;
  readonly store: PseudoLabelStore;
  readonly encoding: LabelEncoding;
  /** Epochs where the strategy says none. */
  readonly epochs: number;
  onLabel(done: number, total: number): unknown;
}

/**
 * The round's record, its labels put into the store; undefined when the strategy has ended.
 *
 * @throws InfnetError `SEMI_PLAN` for a strategy's plan that makes no sense, and what predicting throws.
 */
export async function labelRound(options: LabellingOptions): Promise<RoundRecord | undefined> {
  const images = new ImagePredictor(options.predictor);
  try {
    return await labelWith(images, options);
  } finally {
    images[Symbol.dispose]();
  }
}

async function labelWith(
  images: ImagePredictor,
  { predictor, strategy, round, store, encoding, ...options }: LabellingOptions,
): Promise<RoundRecord | undefined> {
  const predict: RoundContext['predict'] = (indices, visit) => images.predict(indices, visit);
  const plan = await strategy.next({ ...round, predict });
  if (plan === undefined) return undefined;
  const { label, scores, epochs = options.epochs } = plan;
  assertPlan(plan, round, strategy.name);
  const labels: string[] = [];
  await images.predict(label, async ({ index, width, height, probability }) => {
    const made: PseudoLabel = { width, height, channels: 1, data: encodeLabel(encoding, probability) };
    if (made.data.length !== width * height) throw notOneByteEach(made, imageName(predictor.unlabelled, index));
    await store.put(index, made);
    labels.push(labelHash(made));
    await options.onLabel(labels.length, label.length);
  });
  return { round: round.round, images: [...label], labels, ...(scores ? { scores: [...scores] } : {}), epochs };
}

function notOneByteEach({ width, height, data }: PseudoLabel, name: string): InfnetError {
  return new InfnetError({
    code: 'SEMI_DATA',
    message: `the label that \`encoding\` made for ${name} has ${data.length} values, ${width} x ${height} are needed`,
    where: name,
  });
}

function assertPlan(
  { label, scores, epochs }: RoundPlan,
  { round, unlabelled }: Omit<RoundContext, 'predict'>,
  name: string,
): void {
  const problems: string[] = [];
  const outside = label.filter((index) => !Number.isInteger(index) || index < 0 || index >= unlabelled);
  if (outside.length > 0) problems.push(`image ${outside[0]} of ${unlabelled}`);
  if (new Set(label).size < label.length) problems.push('an image twice');
  if (scores !== undefined && scores.length !== label.length)
    problems.push(`${scores.length} scores for ${label.length} images`);
  if (epochs !== undefined && !(Number.isInteger(epochs) && epochs >= 0)) problems.push(`${epochs} epochs`);
  const odd = scores?.findIndex((score) => !Number.isFinite(score)) ?? -1;
  if (odd >= 0) problems.push(`a score of ${scores?.[odd]} for image ${label[odd]}`);
  if (problems.length === 0) return;
  throw new InfnetError({
    code: 'SEMI_PLAN',
    message: `the strategy "${name}" planned round ${round} with ${problems.join(', ')}`,
    where: `round ${round}`,
  });
}
