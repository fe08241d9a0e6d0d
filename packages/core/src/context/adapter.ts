/** Which adapter a context runs on; plain data. */
export interface AdapterDescription {
  readonly kind: string;
  readonly software: boolean;
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  /** One line for people. */
  readonly message: string;
}
