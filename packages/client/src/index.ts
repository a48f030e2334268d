export type { DeployedFunction, Deployment } from './answers/deployment.ts'
export type { Invocation } from './answers/invocation.ts'
export type { Status } from './answers/status.ts'
export {
  type CallOptions,
  type Client,
  type ClientInit,
  createClient,
  type DeploySource,
  type InvokeCall,
} from './client.ts'
export { ClientError, type ClientReason, GatewayError } from './client-error.ts'
export { type ReceiptCheck, type ReceiptVerdict, verifyReceipt } from './verify/verify-receipt.ts'
