/** What `infnet export` can be asked for. */
import type { BackboneName } from '@infnet/inf-net';
import type { TaskOptions } from '../../tasks.js';

export const EXPORTED_OUTPUTS = ['probability', 'logits', 'all'] as const;

export interface ExportOptions extends Pick<TaskOptions, 'task'> {
  readonly weights: string;
  /** Which of several nets in that file. */
  readonly weightsKey?: string;
  readonly out: string;
  readonly size: number;
  readonly batch: number;
  readonly openBatch: boolean;
  readonly outputs: (typeof EXPORTED_OUTPUTS)[number];
  readonly backbone?: BackboneName;
  readonly json?: boolean;
}
