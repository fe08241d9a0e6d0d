/** See `chromium.mjs`. */
export declare function ensureChromium(): Promise<{
  executablePath?: string;
  channel?: string;
  env: Record<string, string>;
}>;
export declare const chromiumFlags: string[];
