import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { CodedError } from '@blockless/core'

/** One deployed version of a named function. */
export interface FunctionRecord {
  readonly name: string
  readonly functionCid: string
  /** 1 for the first, counting up with each different function deployed under the name. */
  readonly version: number
  readonly createdAtMs: number
}

/** The registry's file cannot be used. */
export class RegistryError extends CodedError<'ERR_REGISTRY', { readonly path: string }> {}

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  CREATE TABLE IF NOT EXISTS versions (
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    function_cid TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    PRIMARY KEY (name, version)
  );
  CREATE TABLE IF NOT EXISTS names (name TEXT PRIMARY KEY, version INTEGER NOT NULL);
`

/** Which function a name means, and which it meant before; on disk before a deployment is acknowledged. */
export class FunctionRegistry {
  readonly #path: string
  readonly #current = new Map<string, FunctionRecord>()
  #database: DatabaseSync | undefined

  /** @param init - `path` of the database file; `:memory:` keeps nothing */
  constructor(init: { readonly path: string }) {
    this.#path = init.path
  }

  /** Opens the file. @throws {RegistryError} if it cannot be opened or is not a registry */
  start(): void {
    const path = this.#path
    try {
      if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true })
      this.#database = new DatabaseSync(path)
      this.#database.exec(SCHEMA)
      const rows = this.#database.prepare('SELECT versions.* FROM names JOIN versions USING (name, version)').all()
      for (const row of rows) this.#remember(toRecord(row))
    } catch (cause) {
      this.stop()
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new RegistryError('ERR_REGISTRY', `Cannot open function registry "${path}": ${reason}`, { path }, { cause })
    }
  }

  stop(): void {
    this.#database?.close()
    this.#database = undefined
  }

  /** What a name means now. */
  find(name: string): FunctionRecord | undefined {
    return this.#current.get(name)
  }

  /** All names, in their order. */
  list(): readonly FunctionRecord[] {
    return [...this.#current.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** Makes a name mean this function; deploying what it means already changes nothing. */
  set(name: string, functionCid: string, nowMs: number): { readonly record: FunctionRecord; readonly isNew: boolean } {
    const current = this.#current.get(name)
    if (current?.functionCid === functionCid) return { record: current, isNew: false }
    const record = this.#write((database) => {
      const last = database.prepare('SELECT max(version) AS last FROM versions WHERE name = ?').get(name)
      const version = Number(last?.['last'] ?? 0) + 1
      database.prepare('INSERT INTO versions VALUES (?, ?, ?, ?)').run(name, version, functionCid, nowMs)
      database.prepare('INSERT OR REPLACE INTO names VALUES (?, ?)').run(name, version)
      return { name, functionCid, version, createdAtMs: nowMs }
    })
    this.#remember(record)
    return { record, isNew: true }
  }

  /** Takes a name away; its versions stay on record. @returns whether there was such a name */
  delete(name: string): boolean {
    this.#write((database) => database.prepare('DELETE FROM names WHERE name = ?').run(name))
    return this.#current.delete(name)
  }

  /** All of it or nothing. */
  #write<T>(change: (database: DatabaseSync) => T): T {
    const database = this.#open()
    try {
      database.exec('BEGIN IMMEDIATE')
      const value = change(database)
      database.exec('COMMIT')
      return value
    } catch (cause) {
      if (database.isTransaction) database.exec('ROLLBACK')
      const reason = cause instanceof Error ? cause.message : String(cause)
      const message = `Cannot write function registry "${this.#path}": ${reason}`
      throw new RegistryError('ERR_REGISTRY', message, { path: this.#path }, { cause })
    }
  }

  #remember(record: FunctionRecord): void {
    this.#current.set(record.name, record)
  }

  #open(): DatabaseSync {
    if (this.#database === undefined) throw new Error('the registry is not started')
    return this.#database
  }
}

function toRecord(row: Readonly<Record<string, unknown>>): FunctionRecord {
  return {
    name: String(row['name']),
    functionCid: String(row['function_cid']),
    version: Number(row['version']),
    createdAtMs: Number(row['created_at_ms']),
  }
}
