import {
  type Agreement,
  agreementSchema,
  type CID,
  cid,
  FUNCTION_NAME,
  flag,
  integer,
  list,
  type NodeId,
  nodeIdSchema,
  type Schema,
  text,
} from '@blockless/core'
import { answer } from './answer.ts'

/** A name and the function that it means now. */
export interface DeployedFunction {
  readonly name: string
  readonly functionCid: CID
  /** 1 for the first function under this name, counting up. */
  readonly version: number
  readonly createdAtMs: number
  /** Where it answers HTTP requests. */
  readonly url: string
}

/** What a deployment made. */
export interface Deployment extends Omit<DeployedFunction, 'createdAtMs'> {
  /** False if the name meant this very function already. */
  readonly isNew: boolean
  readonly agreement: Agreement
  /** The nodes that were drawn to run it in this epoch. */
  readonly subnet: {
    readonly cid: CID
    readonly epoch: number
    readonly members: readonly NodeId[]
    readonly spares: readonly NodeId[]
  }
}

const COUNT_MAX = Number.MAX_SAFE_INTEGER
const nodes = list(nodeIdSchema, 128)
const named = {
  name: text(63, FUNCTION_NAME, 'a function name'),
  functionCid: cid(),
  version: integer(1, COUNT_MAX),
  url: text(2_048),
}

/** Schema of {@link DeployedFunction}. */
export const deployedFunctionSchema: Schema<DeployedFunction> = answer({ ...named, createdAtMs: integer(0, COUNT_MAX) })

/** Schema of the list of functions. */
export const functionsSchema: Schema<{ readonly functions: readonly DeployedFunction[] }> = answer({
  functions: list(deployedFunctionSchema, 100_000),
})

/** Schema of {@link Deployment}. */
export const deploymentSchema: Schema<Deployment> = answer({
  ...named,
  isNew: flag(),
  agreement: agreementSchema,
  subnet: answer({ cid: cid(), epoch: integer(0, COUNT_MAX), members: nodes, spares: nodes }),
})
