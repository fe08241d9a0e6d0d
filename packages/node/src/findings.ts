/** The report in sentences: what is wrong first, each with what to do about it. */
import type { AdapterReport, Finding } from './adapter-report.js';

const SEVERITIES = ['problem', 'note', 'ok'] as const;

const HAVE_NPM_SWIFTSHADER = 'Run: npm install @infnet/swiftshader.';

export function findingsOf(report: Omit<AdapterReport, 'findings'>): Finding[] {
  const findings = [
    ...aboutDawn(report),
    ...aboutTaken(report),
    ...aboutLoader(report),
    ...aboutGpu(report),
    ...aboutDrivers(report),
    ...aboutSwiftShader(report),
    ...aboutEnvironment(report),
  ];
  return SEVERITIES.flatMap((severity) => findings.filter((finding) => finding.severity === severity));
}

function* aboutDawn({ dawn, platform }: Omit<AdapterReport, 'findings'>): Generator<Finding> {
  if (dawn.installed) yield { severity: 'ok', what: `WebGPU for Node (npm webgpu) ${dawn.version} is installed.` };
  else {
    yield {
      severity: 'problem',
      what: `WebGPU for Node (npm webgpu) is not installed on ${platform}.`,
      fix: 'Run: npm install webgpu.',
    };
  }
}

function* aboutTaken({ taken }: Omit<AdapterReport, 'findings'>): Generator<Finding> {
  if ('message' in taken) yield { severity: 'ok', what: taken.message };
  else {
    const [what = '', fix] = taken.error.split('\n  Fix: ');
    yield { severity: 'problem', what, fix };
  }
}

function* aboutLoader({ loader }: Omit<AdapterReport, 'findings'>): Generator<Finding> {
  if (loader === 'npm') {
    yield { severity: 'note', what: 'The system has no Vulkan loader (libvulkan.so.1); the one from npm is used.' };
  }
  if (loader === 'missing') {
    yield {
      severity: 'note',
      what: 'The system has no Vulkan loader (libvulkan.so.1): no Vulkan driver can be reached.',
      fix: `Install libvulkan1 (apt) or vulkan-loader (dnf). Without root: ${HAVE_NPM_SWIFTSHADER}`,
    };
  }
}

function* aboutGpu({ adapters, gpuDevices, platform }: Omit<AdapterReport, 'findings'>): Generator<Finding> {
  const gpus = adapters.filter((adapter) => adapter.kind === 'gpu');
  for (const gpu of gpus) yield { severity: 'ok', what: `GPU: ${gpu.device} (${gpu.driver}).` };
  if (gpus.length > 0) return;
  const nvidia = gpuDevices.some((path) => path.includes('nvidia'));
  if (gpuDevices.length === 0) {
    yield {
      severity: 'note',
      what: 'No GPU was found.',
      fix: platform.startsWith('linux')
        ? 'Nothing to do if this machine has none. In a container, pass the GPU through; else install its Vulkan driver.'
        : "Update the GPU's driver.",
    };
  } else {
    yield {
      severity: 'note',
      what: `There is a GPU (${gpuDevices.join(', ')}), but no Vulkan driver gives access to it.`,
      fix: nvidia
        ? "Install NVIDIA's Vulkan driver; in a container start it with NVIDIA_DRIVER_CAPABILITIES=all."
        : 'Install mesa-vulkan-drivers (Intel, AMD) and let this user read /dev/dri (group render).',
    };
  }
}

function* aboutDrivers({ drivers }: Omit<AdapterReport, 'findings'>): Generator<Finding> {
  for (const { path, status, reason, fix } of drivers) {
    if (status === 'refused' || status === 'broken') yield { severity: 'note', what: `${path}: ${reason}`, fix };
  }
}

function* aboutSwiftShader({ swiftshader, platform }: Omit<AdapterReport, 'findings'>): Generator<Finding> {
  if (swiftshader.icdPath !== undefined) {
    yield { severity: 'ok', what: `SwiftShader from npm lies at ${swiftshader.icdPath}.` };
  } else if (platform === 'linux-x64') {
    yield { severity: 'note', what: `SwiftShader from npm: ${swiftshader.reason}.`, fix: HAVE_NPM_SWIFTSHADER };
  }
}

function* aboutEnvironment({ environment }: Omit<AdapterReport, 'findings'>): Generator<Finding> {
  for (const [name, value] of Object.entries(environment)) yield { severity: 'note', what: `${name}=${value} is set.` };
}
