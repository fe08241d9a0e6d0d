export declare const bitsFolder: string;
export declare function nodeBits(): Record<string, string>;
