export { DEFAULTS as EXECUTOR_DEFAULTS } from './defaults.ts'
export type { RunReport, RunTimings } from './executor/answers.ts'
export { Cgroups } from './executor/caps/cgroup.ts'
export { Executor } from './executor/executor.ts'
export type { ExecutorComponents, ExecutorInit } from './executor/executor-init.ts'
export type { Failure } from './executor/failure.ts'
export type { RunRequest } from './executor/run-request.ts'
export type { HostFolderInit } from './fs/host/owner/host-folder.ts'
export { HostFolderError, type HostFolderReason } from './fs/host/owner/host-folder-error.ts'
export { HostFolderFamily, type HostFolderFamilyInit } from './fs/host/owner/host-folder-family.ts'
export { encodeFileLayer, type LayerItem } from './fs/layers/file-layer.ts'
export type { HostMount, MemoryMount, Mount } from './fs/mount.ts'
export { clockFamily } from './host/clock/clock-family.ts'
export { ExtensionError, type ExtensionReason } from './host/extension/extension-error.ts'
export { type AddOptions, type ExtensionCheck, ExtensionStore } from './host/extension/extension-store.ts'
export type { Extension, InstalledDriver, Registry } from './host/extension/registry.ts'
export {
  createExtensionFamilies,
  type ExtensionComponents,
  type ExtensionsConfig,
} from './host/extension-families.ts'
export { createGuardedAgent, type GuardedAgentOptions } from './host/http/guarded-agent.ts'
export { type GuardedRequest, type GuardedResponse, guardedRequest } from './host/http/guarded-request.ts'
export { HttpError, type HttpReason } from './host/http/http-error.ts'
export { createHttpFamily, type HttpComponents } from './host/http/http-family.ts'
export { type ResolvedAddress, type Resolver, systemResolver } from './host/http/resolver.ts'
export {
  createFamilies,
  DEFAULT_OPERATOR,
  executorInitOf,
  type FamilyComponents,
  hostCallLimitsOf,
  type OperatorConfig,
  type OperatorResources,
  operatorConfigSchema,
  type SecretPlace,
} from './host/operator-config.ts'
export { type Denial, denialsOf } from './host-call/denials.ts'
export {
  answered,
  type Fields,
  type FieldValue,
  type HostAnswer,
  type HostCall,
  refused,
} from './host-call/host-call.ts'
export type { HostCallLimits, HostFamily, HostRun, HostSession } from './host-call/host-family.ts'
export { RunHost, type RunHostComponents, type RunHostInit } from './host-call/run-host.ts'
export { type InspectOptions, inspectModule, type ModuleInfo } from './module/inspect-module.ts'
export type { LinkedModule, Program } from './module/program.ts'
export { createGate } from './policy/create-gate.ts'
export { type Action, CLOSED_GATE, type Gate, type Verdict } from './policy/gate.ts'
export {
  createPolicy,
  DEFAULT_CAPS,
  intersectPolicies,
  type OperatorCaps,
  operatorCapsSchema,
  type Policy,
  type PolicyLayer,
  type PolicyTexts,
} from './policy/policy.ts'
export { type AccessFlag, permissionsOfFlags, type RunFlags } from './policy/run-flags.ts'
export {
  type FunctionFuel,
  functionFuel,
  type NamedNode,
  type NamedProfile,
  nameProfile,
  sourceMapUrlOf,
} from './profile/named-profile.ts'
export type { ProfiledFunction, ProfileNode, RunProfile } from './profile/profile-bytes.ts'
export { foldedStacks, speedscopeFile } from './profile/profile-files.ts'
export {
  createRecording,
  decodeRecording,
  encodeRecording,
  findDifferences,
  type ResultPart,
  replayedRequest,
} from './recording/recording.ts'
export { RecordingError, type RecordingReason } from './recording/recording-error.ts'
export { RECORDING_SIZE_MAX, type Recording } from './recording/recording-schema.ts'
export { RuntimeError, type RuntimeReason } from './runtime-error.ts'
