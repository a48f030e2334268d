export { decodeModule } from './decode-module.ts'
export { FUEL_EXPORT, PROFILE_EXPORT, START_EXPORT, STATUS_EXPORT } from './fuel/export-names.ts'
export { fuelUsed, type InstrumentedModule, type InstrumentOptions, instrument } from './fuel/instrument.ts'
export { PROFILE_HOOK } from './fuel/profile-hooks.ts'
export { STATUS } from './fuel/status.ts'
export { MODULE_SIZE_MAX } from './limits.ts'
export type {
  CustomSection,
  ExportDescriptor,
  ExternalKind,
  FunctionType,
  ImportDescriptor,
  MemoryType,
  Module,
  ModuleFeatures,
  Section,
  TableType,
} from './module.ts'
export { ModuleError, type ModuleReason } from './module-error.ts'
export { functionNames, sourceMapUrl } from './names/function-names.ts'
export { validateModule } from './validate/validate-module.ts'
