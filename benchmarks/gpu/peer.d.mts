export class Peer {
  constructor(command: readonly string[], options?: { readonly onLog?: (text: string) => void });
  readonly ended: string | undefined;
  ask(op: string, request?: object, seconds?: number): Promise<Readonly<Record<string, unknown>>>;
  close(): Promise<void>;
}
