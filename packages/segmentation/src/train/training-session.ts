/** A training from its settings: of one stage, or with `semi` of several. */
import { propagationSession } from './propagation-session.js';
import type { SessionParts, TrainingSession } from './session.js';
import { untrainable, untrainableError } from './trainable.js';
import { trainerSession } from './trainer-session.js';

/**
 * @throws InfnetError `TRAIN_SHAPE` for batches that cannot be trained on, `TRAINER_...`, `SEMI_...`,
 *   `OPTIMIZER_OPTION`, `CHECKPOINT_...` for a state that is none
 */
export function trainingSession(parts: SessionParts): TrainingSession {
  const { net, settings, loss, train, lastBatch } = parts;
  const wrong = untrainable(net, settings, loss, train.length, settings.semi ? undefined : lastBatch);
  if (wrong !== undefined) throw untrainableError(wrong);
  return settings.semi ? propagationSession(parts) : trainerSession(parts);
}
