/** onnxruntime-web with its WebGPU provider, in the page. */
import { type Ort, prepareSession } from '../ort/session.js';
import type { Peer, Running, Workload } from '../protocol.js';
import type { Traced } from '../workloads.js';
import { adapterName } from './adapter-name.js';
import { ORT_FOLDER, ORT_MODULE } from './paths.js';

interface OrtWeb extends Ort {
  readonly env: {
    readonly versions: { readonly web?: string; readonly common: string };
    readonly wasm: { wasmPaths?: string };
  };
}

export class OrtWebPeer implements Peer {
  readonly differentiates: boolean = false;
  #ort: OrtWeb | undefined;

  async load(): Promise<{ description: string; version: string }> {
    const ort = (await import(/* @vite-ignore */ ORT_MODULE)) as OrtWeb;
    ort.env.wasm.wasmPaths = ORT_FOLDER;
    this.#ort = ort;
    const version = this.#version;
    return { description: `onnxruntime-web ${version}, WebGPU provider, ${await adapterName()}`, version };
  }

  prepare(workload: Workload, traced: Traced): Promise<Running> {
    const options = { executionProviders: ['webgpu'] };
    return prepareSession(this.#ort as Ort, `onnxruntime-web ${this.#version}`, options, workload, traced);
  }

  get #version(): string {
    const { web, common } = (this.#ort as OrtWeb).env.versions;
    return web ?? common;
  }
}
