import { type Driver, DriverFailure } from './driver.ts'

type Method = (...values: readonly unknown[]) => unknown

/**
 * Loads a driver in JavaScript, a module that exports `open`, `read`, `write` and `close`.
 *
 * It is loaded from the bytes whose hash was checked and not from its file, so it is one file: it may import Node's own
 * modules, and nothing beside it. An error that it throws is told to guests by its `code`, a name of `DRIVER_ERRORS`.
 *
 * @throws {TypeError} if it does not export them
 */
export async function loadJavascriptDriver(source: Uint8Array): Promise<Driver> {
  const url = `data:text/javascript;base64,${Buffer.from(source).toString('base64')}`
  const exports: Readonly<Record<string, unknown>> = await import(url)
  const [open, read, write, close] = ['open', 'read', 'write', 'close'].map((name) => methodOf(exports, name))
  if (open === undefined || read === undefined || write === undefined || close === undefined) {
    throw new TypeError('it does not export open, read, write and close')
  }
  return {
    open: async (address, options) => {
      const handle = await called(open, address, new TextDecoder().decode(options))
      if (typeof handle !== 'number' || handle >>> 0 !== handle) throw new TypeError('its open() gave no handle')
      return handle
    },
    read: async (handle, size) => {
      const bytes = await called(read, handle, size)
      if (!(bytes instanceof Uint8Array) || bytes.length > size) throw new TypeError('its read() gave no such bytes')
      return bytes
    },
    write: async (handle, bytes) => {
      const count = await called(write, handle, bytes)
      const isCount = typeof count === 'number' && Number.isInteger(count) && count >= 0 && count <= bytes.length
      if (!isCount) throw new TypeError('its write() gave no such count')
      return count
    },
    close: async (handle) => void (await called(close, handle)),
  }
}

function methodOf(exports: Readonly<Record<string, unknown>>, name: string): Method | undefined {
  const found = exports[name]
  return typeof found === 'function' ? (...values) => found(...values) : undefined
}

async function called(method: Method, ...values: readonly unknown[]): Promise<unknown> {
  try {
    return await method(...values)
  } catch (error) {
    const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined
    throw DriverFailure.named(typeof code === 'string' ? code : 'unknown')
  }
}
