import type { Fields, HostAnswer } from '../../../host-call/host-call.ts'
import { ERRNO, type ErrnoName } from '../../../wasi/errno.ts'
import { FileError } from '../../file-error.ts'

/** How a guest asks the world outside; {@link Guest} is one. */
export interface Asker {
  ask(name: string, fields?: Fields, bytes?: Uint8Array): Promise<HostAnswer>
}

/** What guests are told for the answers that are not named after an errno. */
const OTHER_STATUS: Readonly<Record<string, ErrnoName>> = {
  denied: 'perm',
  limit: 'nobufs',
  timeout: 'timedout',
  unavailable: 'notsup',
}

/** Makes a call to the folders of the host. @throws {FileError} if it is answered with anything but `ok` */
export async function askFolder(
  asker: Asker,
  name: `fs.${string}`,
  fields: Fields,
  bytes?: Uint8Array,
): Promise<HostAnswer> {
  const answer = await asker.ask(name, fields, bytes)
  if (answer.status === 'ok') return answer
  const other = Object.hasOwn(OTHER_STATUS, answer.status) ? OTHER_STATUS[answer.status] : undefined
  throw new FileError(ERRNO[other ?? (isErrnoName(answer.status) ? answer.status : 'io')])
}

/** A number of an answer. @throws {TypeError} if it is none, which no honest owner answers */
export function numberOf({ fields }: HostAnswer, field: string): number {
  const value = fields[field]
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw new TypeError(`Cannot read answer: its "${field}" is no whole number`)
}

/** A text of an answer. @throws {TypeError} if it is none */
export function textOf({ fields }: HostAnswer, field: string): string {
  const value = fields[field]
  if (typeof value === 'string') return value
  throw new TypeError(`Cannot read answer: its "${field}" is no text`)
}

function isErrnoName(name: string): name is ErrnoName {
  return Object.hasOwn(ERRNO, name)
}
