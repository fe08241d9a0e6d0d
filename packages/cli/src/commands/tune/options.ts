import type { OpenOptions, Precision } from '@infnet/core';
import type { BackboneName } from '@infnet/inf-net';
import type { TaskOptions } from '../../tasks.js';

export interface TuneCommandOptions extends Pick<OpenOptions, 'adapter'>, Pick<TaskOptions, 'task'> {
  readonly out: string;
  readonly size: number;
  readonly batch: number;
  readonly backbone: BackboneName;
  readonly width: number;
  readonly channels: number;
  readonly training: boolean;
  readonly rounds: number;
  /** As of the runs that will take the file. Default: the plans' own. */
  readonly precision?: Precision;
  readonly json: boolean;
}
