/** Pipelines, compiled asynchronously, identical ones once: those of one text, whatever its name. */
import { InfnetError } from '@infnet/errors';
import { type KernelCall, type KernelVariant, kernelVariant, variantKey } from '../kernel/kernel.js';
import { captureErrors } from './capture.js';

export interface Pipeline {
  readonly variant: KernelVariant;
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

const COMPUTE_STAGE = 0x4;

export class PipelineCache {
  readonly #device: GPUDevice;
  /** By the text that runs: a name says nothing of it. The engine keeps a text's hash, so that a look-up is quick. */
  readonly #byCode = new Map<string, Promise<Pipeline>>();

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** Number of pipelines compiled or being compiled. */
  get size(): number {
    return this.#byCode.size;
  }

  /**
   * The pipeline of a call, compiled now if it is new.
   *
   * @throws InfnetError `KERNEL_COMPILE` with the compiler's messages.
   */
  get(call: Pick<KernelCall, 'kernel' | 'constants'>): Promise<Pipeline> {
    const variant = kernelVariant(call.kernel, call.constants);
    let pipeline = this.#byCode.get(variant.code);
    if (pipeline === undefined) {
      pipeline = this.#compile(variant, `${variant.name}|${variantKey(call.constants)}`);
      this.#byCode.set(variant.code, pipeline);
      pipeline.catch(() => this.#byCode.delete(variant.code));
    }
    return pipeline;
  }

  async #compile(variant: KernelVariant, label: string): Promise<Pipeline> {
    const device = this.#device;
    // What these calls refuse is told by the promise of the pipeline too; without a scope of ours a host would be told
    // as well.
    const { value: made } = captureErrors(device, () => {
      const layout = device.createBindGroupLayout({ label, entries: layoutEntries(variant) });
      const module = device.createShaderModule({ label, code: variant.code });
      const pipelineLayout = device.createPipelineLayout({ label, bindGroupLayouts: [layout] });
      const compute = { module, entryPoint: variant.entryPoint };
      return {
        layout,
        module,
        pipeline: device.createComputePipelineAsync({ label, layout: pipelineLayout, compute }),
      };
    });
    const { layout, module } = made;
    try {
      return { variant, pipeline: await made.pipeline, layout };
    } catch (cause) {
      const { messages } = await module.getCompilationInfo();
      const lines = messages.map(({ lineNum, linePos, message }) => `  ${lineNum}:${linePos} ${message}`);
      throw new InfnetError({
        code: 'KERNEL_COMPILE',
        message: `the kernel does not compile: ${cause instanceof Error ? cause.message : cause}\n${lines.join('\n')}`,
        where: label,
        fix: 'Mend the text of a kernel of your own. In one of infnet it is a fault of infnet or of the driver: report it with the output of `infnet doctor`.',
        cause,
      });
    }
  }
}

function layoutEntries(variant: KernelVariant): GPUBindGroupLayoutEntry[] {
  const entries: GPUBindGroupLayoutEntry[] = variant.bindings.map(({ binding, access }) => ({
    binding,
    visibility: COMPUTE_STAGE,
    buffer: { type: access === 'read' ? 'read-only-storage' : 'storage' },
  }));
  if (variant.parameters.length > 0) {
    entries.push({ binding: 0, visibility: COMPUTE_STAGE, buffer: { type: 'uniform' } });
  }
  return entries;
}
