import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import {
  CodedError,
  decodeCanonical,
  encodeCanonical,
  encodeReceipt,
  type Logger,
  type Receipt,
  receiptSchema,
  type Story,
  type Subnet,
  subnetSchema,
} from '@blockless/core'

/** Configuration of a {@link Journal}. */
export interface JournalInit {
  /** Database file; `:memory:` keeps nothing. */
  readonly path: string
  /** Requests kept; the oldest go first. */
  readonly requestsCountMax: number
}

/** The journal's file cannot be used. */
export class JournalError extends CodedError<'ERR_JOURNAL', { readonly path: string }> {}

interface Pending {
  readonly requestId: string
  readonly receiptCid: string | undefined
  readonly receipt: Receipt | undefined
  readonly story: Story
}

/** Writes come together this often: a reply never waits for the disk, and one commit, under a millisecond, serves many. */
const FLUSH_MS = 25
/** Requests that may wait for a disk that refuses; beyond that the oldest are given up, with an error in the log. */
const PENDING_COUNT_MAX = 10_000

/**
 * Keeps the receipts, stories and draws of a head.
 *
 * A receipt can be read as soon as its request is answered; it is in the file 25 ms later. What a crash
 * takes in between is the head's copy only: the answer named the receipt, and the workers' votes in it are theirs.
 */
export class Journal {
  readonly #log: Logger
  readonly #init: JournalInit
  #database: DatabaseSync | undefined
  #timer: NodeJS.Timeout | undefined
  #pending: Pending[] = []
  readonly #byId = new Map<string, Pending>()
  readonly #byCid = new Map<string, Pending>()
  /** Draws that are not on disk yet. */
  readonly #subnets = new Map<string, Subnet>()

  constructor(components: { readonly log: Logger }, init: JournalInit) {
    this.#log = components.log
    this.#init = init
  }

  /** Opens the file. @throws {JournalError} if it cannot be opened or is not a journal */
  start(): void {
    const { path } = this.#init
    try {
      if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true })
      this.#database = new DatabaseSync(path)
      this.#database.exec(SCHEMA)
    } catch (cause) {
      this.#database?.close()
      this.#database = undefined
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new JournalError('ERR_JOURNAL', `Cannot open journal "${path}": ${reason}`, { path }, { cause })
    }
  }

  /** Writes what waits and closes the file. */
  stop(): void {
    this.#flush()
    clearTimeout(this.#timer)
    this.#database?.close()
    this.#database = undefined
  }

  /** Notes a request that has ended. */
  record(story: Story, receipt?: { readonly cid: string; readonly receipt: Receipt }): void {
    const pending = { requestId: story.requestId, receiptCid: receipt?.cid, receipt: receipt?.receipt, story }
    this.#pending.push(pending)
    this.#byId.set(pending.requestId, pending)
    if (pending.receiptCid !== undefined) this.#byCid.set(pending.receiptCid, pending)
    this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MS).unref()
  }

  /** Notes the record of a draw; on disk no later than the first receipt that names it. */
  recordSubnet(cid: string, subnet: Subnet): void {
    this.#subnets.set(cid, subnet)
    this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MS).unref()
  }

  /** The receipt under a CID. */
  findReceipt(cid: string): Receipt | undefined {
    const pending = this.#byCid.get(cid)?.receipt
    if (pending !== undefined) return pending
    const row = this.#open().prepare('SELECT receipt FROM requests WHERE receipt_cid = ?').get(cid)
    return row?.['receipt'] instanceof Uint8Array ? decodeCanonical(row['receipt'], receiptSchema) : undefined
  }

  /** The record of a draw under a CID. */
  findSubnet(cid: string): Subnet | undefined {
    const pending = this.#subnets.get(cid)
    if (pending !== undefined) return pending
    const row = this.#open().prepare('SELECT bytes FROM subnets WHERE cid = ?').get(cid)
    return row?.['bytes'] instanceof Uint8Array ? decodeCanonical(row['bytes'], subnetSchema) : undefined
  }

  /** The story of a request, by its id, the start of its id (8 or more digits), or its receipt's CID. */
  findStory(key: string): Story | undefined {
    const pending = this.#byId.get(key) ?? this.#byCid.get(key)
    if (pending !== undefined) return pending.story
    const byPrefix = this.#pending.find(({ requestId }) => key.length >= PREFIX_LENGTH_MIN && requestId.startsWith(key))
    if (byPrefix !== undefined) return byPrefix.story
    const query = /^[0-9a-f]{8,64}$/.test(key)
      ? this.#open()
          .prepare("SELECT story FROM requests WHERE request_id >= ? AND request_id < ? || 'g' LIMIT 1")
          .get(key, key)
      : this.#open().prepare('SELECT story FROM requests WHERE receipt_cid = ?').get(key)
    return typeof query?.['story'] === 'string' ? (JSON.parse(query['story']) as Story) : undefined
  }

  /** The newest stories, newest first. */
  latest(countMax: number): readonly Story[] {
    this.#flush()
    const pending = this.#pending.slice(-countMax).map(({ story }) => story) // if the disk refuses them
    const rows = this.#open()
      .prepare('SELECT story FROM requests ORDER BY sequence DESC LIMIT ?')
      .all(countMax - pending.length)
    return [...pending.reverse(), ...rows.map((row) => JSON.parse(String(row['story'])) as Story)]
  }

  #flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const batch = this.#pending
    if ((batch.length === 0 && this.#subnets.size === 0) || this.#database === undefined) return
    try {
      this.#write(this.#database, batch)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      this.#log.error('journal not written, will try again', { path: this.#init.path, waiting: batch.length, reason })
      for (const lost of batch.splice(0, Math.max(0, batch.length - PENDING_COUNT_MAX))) this.#forget(lost)
      const excess = Math.max(0, this.#subnets.size - PENDING_COUNT_MAX)
      for (const cid of [...this.#subnets.keys()].slice(0, excess)) this.#subnets.delete(cid)
      this.#timer = setTimeout(() => this.#flush(), FLUSH_MS * 4).unref()
      return
    }
    this.#pending = []
    this.#subnets.clear()
    for (const written of batch) this.#forget(written)
  }

  #write(database: DatabaseSync, batch: readonly Pending[]): void {
    const insert = database.prepare(
      'INSERT OR REPLACE INTO requests (request_id, receipt_cid, receipt, story) VALUES (?, ?, ?, ?)',
    )
    database.exec('BEGIN')
    try {
      for (const { requestId, receiptCid, receipt, story } of batch) {
        const bytes = receipt === undefined ? null : encodeReceipt(receipt)
        insert.run(requestId, receiptCid ?? null, bytes, JSON.stringify(story))
      }
      database
        .prepare('DELETE FROM requests WHERE sequence <= (SELECT max(sequence) FROM requests) - ?')
        .run(this.#init.requestsCountMax)
      const insertSubnet = database.prepare('INSERT OR IGNORE INTO subnets (cid, bytes) VALUES (?, ?)')
      for (const [cid, subnet] of this.#subnets) insertSubnet.run(cid, encodeCanonical(subnet))
      // No more draws than requests can be named by receipts that are kept.
      database
        .prepare('DELETE FROM subnets WHERE rowid <= (SELECT max(rowid) FROM subnets) - ?')
        .run(this.#init.requestsCountMax)
      database.exec('COMMIT')
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK')
      throw error
    }
  }

  #forget(pending: Pending): void {
    this.#byId.delete(pending.requestId)
    if (pending.receiptCid !== undefined) this.#byCid.delete(pending.receiptCid)
  }

  #open(): DatabaseSync {
    if (this.#database === undefined) throw new Error('the journal is not started')
    return this.#database
  }
}

/** Shorter starts of a request id would often fit several. */
const PREFIX_LENGTH_MIN = 8

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS requests (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    request_id TEXT NOT NULL UNIQUE,
    receipt_cid TEXT UNIQUE,
    receipt BLOB,
    story TEXT NOT NULL
  );
  CREATE TABLE IF NOT EXISTS subnets (cid TEXT PRIMARY KEY, bytes BLOB NOT NULL);
`
