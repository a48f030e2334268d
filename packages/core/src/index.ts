export type { CID } from 'multiformats/cid'
export { sha256 } from '#sha256'
export { compareBytes, concat, equalBytes, fromHex, toHex, toUtf8 } from './bytes.ts'
export { CodecError, cidOfCanonical, DAG_CBOR_CODE, decodeCanonical, decodeFrame, encodeCanonical } from './codec.ts'
export {
  type Clock,
  type LogFields,
  type Logger,
  type Random,
  silentLogger,
  systemClock,
  systemRandom,
} from './components.ts'
export { CodedError, InvariantError, invariant, isCodedError } from './errors.ts'
export { domainTag, HASH_SIZE, hashCanonical } from './hash.ts'
export { compareNodeIds, type NodeId, nodeIdOf, nodeIdSchema, publicKeyOf } from './identity/node-id.ts'
export { createSigner, SIGNATURE_SIZE, type Signer, verifySignature } from './identity/signer.ts'
export * as protocolLimits from './limits.ts'
export { type Agreement, type AgreementKind, agreementSchema, defaultAgreement } from './model/agreement.ts'
export { describeExit, EXIT_KINDS, type Exit, type ExitKind, exitSchema, runtimeExitCode } from './model/exit.ts'
export {
  FUNCTION_NAME,
  type FunctionSettings,
  type Manifest,
  type ManifestModule,
  manifestSchema,
  settingsOf,
} from './model/manifest.ts'
export { beaconOf, epochAt, type Network, networkSchema } from './model/network.ts'
export {
  chainIdSchema,
  DEFAULT_LIMITS,
  type ExecutionInput,
  type ExecutionRequest,
  exceededLimit,
  executionInputSchema,
  executionRequestSchema,
  inputHashOf,
  type Limits,
  limitsSchema,
  randomSeedOf,
  requestIdOf,
} from './model/request.ts'
export {
  type ExecutionResult,
  type ResultStatement,
  resultHashOf,
  resultStatementSchema,
  statementOf,
} from './model/result.ts'
export type { Divergence, Story, StoryEvent, StoryTimings, WorkTimings } from './model/story.ts'
export { type Candidate, candidacyDigest, drawSeedOf, type Subnet, subnetCidOf, subnetSchema } from './model/subnet.ts'
export { type Transcript, type TranscriptEntry, transcriptHashOf, transcriptSchema } from './model/transcript.ts'
export { signVote, type Vote, type VoteContext, voteDigest, voteSchema } from './model/vote.ts'
export { canonicalHost, type HostPattern, matchesHost, parseHostPattern } from './permission/host-pattern.ts'
export {
  formatPermission,
  operatorPermissionTextSchema,
  type Permission,
  type PortPattern,
  parsePermission,
  permissionTextSchema,
  type UrlPattern,
} from './permission/permission.ts'
export { canonicalUrlPath, isBelowPath, lenientUrlPath } from './permission/url-path.ts'
export {
  decodeReceipt,
  encodeReceipt,
  type Receipt,
  type Replacement,
  receiptCidOf,
  receiptFromJson,
  receiptSchema,
  receiptToJson,
  signReceipt,
} from './receipt/receipt.ts'
export { CHECKS, type Check, type CheckName, type Verdict, type VerifyOptions, verify } from './receipt/verify.ts'
export { agreeingVotes, billedFuel, sortVotes } from './receipt/votes.ts'
export { dictionary, list, optional, struct, variant } from './schema/compounds.ts'
export { blob, bytes, cid, flag, integer, literal, oneOf, text } from './schema/scalars.ts'
export type { JsonSchema, OptionalSchema, Schema } from './schema/schema.ts'
export { SchemaError, type SchemaErrorDetails } from './schema/schema-error.ts'
