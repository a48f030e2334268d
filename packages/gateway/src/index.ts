export { type FunctionRecord, FunctionRegistry, RegistryError } from './functions/function-registry.ts'
export { FunctionError, Functions, type FunctionsComponents } from './functions/functions.ts'
export { Gateway, type GatewayComponents, type GatewayInit, ListenError } from './gateway.ts'
