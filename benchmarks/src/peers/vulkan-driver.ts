/** Which Vulkan driver a library must be shown that chooses its adapter by itself, so that it takes the one we take. */
import { diagnose } from '@infnet/node';

/** Environment variables for its process. @throws Error where the adapter has no driver file. */
export async function vulkanDriver(): Promise<Readonly<Record<string, string>>> {
  if (process.platform !== 'linux') return {};
  const { taken, adapters } = await diagnose();
  if ('error' in taken) throw new Error(taken.error);
  const file = adapters.find(({ kind }) => kind === taken.kind)?.driverFile;
  if (file === undefined) throw new Error(`no Vulkan driver file leads to the adapter ${taken.kind}`);
  return { VK_DRIVER_FILES: file };
}
