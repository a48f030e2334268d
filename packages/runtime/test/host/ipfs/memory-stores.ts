import type { MFSComponents } from '@helia/mfs'

/** Blocks and records that are gone with the test, with as much of their interfaces as `@helia/mfs` uses. */
export function createMemoryStores(): MFSComponents {
  const stores = { blockstore: new MemoryStore(), datastore: new MemoryStore() }
  return stores as unknown as MFSComponents
}

class MemoryStore {
  readonly #values = new Map<string, Uint8Array>()

  async has(key: { toString(): string }): Promise<boolean> {
    return this.#values.has(key.toString())
  }

  async get(key: { toString(): string }): Promise<Uint8Array> {
    const value = this.#values.get(key.toString())
    if (value !== undefined) return value
    throw Object.assign(new Error(`nothing is stored under ${key}`), { name: 'NotFoundError' })
  }

  async put<T extends { toString(): string }>(key: T, value: Uint8Array): Promise<T> {
    this.#values.set(key.toString(), value)
    return key
  }
}
