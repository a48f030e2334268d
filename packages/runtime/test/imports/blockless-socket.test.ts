import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { suite, test } from 'node:test'
import { systemClock } from '@blockless/core'
import { createExtensionFamilies } from '../../src/host/extension-families.ts'
import { blocklessDriversFunctions } from '../../src/imports/blockless-drivers.ts'
import { blocklessSocketFunctions } from '../../src/imports/blockless-socket.ts'
import { DRIVER_ERRORS } from '../../src/imports/driver-errors.ts'
import { CLOSED_GATE } from '../../src/policy/gate.ts'
import { ERRNO } from '../../src/wasi/errno.ts'
import { preview1Functions } from '../../src/wasi/preview1.ts'
import { eventually, openGate, tcpServer } from '../host/host-helpers.ts'
import { TestGuest, type TestGuestInit } from './test-guest.ts'

/** A program that uses sockets as WASI programs do. */
class Program extends TestGuest {
  readonly #functions = {
    ...preview1Functions(this.guest, 'snapshot'),
    ...blocklessSocketFunctions(this.guest),
    ...blocklessDriversFunctions(this.guest),
  }

  constructor(init: Partial<TestGuestInit> = {}) {
    const families = createExtensionFamilies({}, { clock: systemClock })
    super({ families, gate: openGate(), ...init })
  }

  async wasi(name: string, ...values: number[]): Promise<number> {
    return await this.call(this.#functions, name, ...values)
  }

  /** Calls `tcp_connect` or `create_tcp_bind_socket`. */
  async open(name: string, address: string | Uint8Array): Promise<{ error: number; fd: number }> {
    const result = this.room(4)
    const error = await this.wasi(name, ...this.put(address), result)
    return { error, fd: this.u32(result) }
  }

  async drive(url: string, options = ''): Promise<{ error: number; fd: number }> {
    const result = this.room(4)
    const error = await this.wasi('blockless_open', ...this.put(url), ...this.put(options), result)
    return { error, fd: this.u32(result) }
  }

  async read(fd: number, size = 100): Promise<{ error: number; text: string }> {
    const [buffer, vector, result] = [this.room(size), this.room(8), this.room(4)]
    const view = new DataView(this.guest.memory.bytes.buffer)
    view.setUint32(vector, buffer, true)
    view.setUint32(vector + 4, size, true)
    const error = await this.wasi('fd_read', fd, vector, 1, result)
    return { error, text: error === 0 ? this.text(buffer, this.u32(result)) : '' }
  }

  async write(fd: number, text: string): Promise<number> {
    const [[address, size], vector, result] = [this.put(text), this.room(8), this.room(4)]
    const view = new DataView(this.guest.memory.bytes.buffer)
    view.setUint32(vector, address, true)
    view.setUint32(vector + 4, size, true)
    return await this.wasi('fd_write', fd, vector, 1, result)
  }

  /** Polls descriptors for reading, and a clock. @returns the descriptors that are ready with size and flags, -1 the clock */
  async poll(fds: readonly number[], timeoutMs: number): Promise<[fd: number, size: number, flags: number][]> {
    const count = fds.length + 1
    const [input, output, result] = [this.room(48 * count), this.room(32 * count), this.room(4)]
    const view = new DataView(this.guest.memory.bytes.buffer)
    for (const [index, fd] of fds.entries()) {
      view.setBigUint64(input + index * 48, BigInt(fd), true)
      view.setUint8(input + index * 48 + 8, 1)
      view.setUint32(input + index * 48 + 16, fd, true)
    }
    const clock = input + fds.length * 48
    view.setBigInt64(clock, -1n, true)
    view.setUint8(clock + 8, 0)
    view.setUint32(clock + 16, 1, true)
    view.setBigUint64(clock + 24, BigInt(timeoutMs) * 1_000_000n, true)
    assert.equal(await this.wasi('poll_oneoff', input, output, count, result), 0)
    return Array.from({ length: this.u32(result) }, (_, index) => {
      const event = output + index * 32
      return [
        Number(view.getBigInt64(event, true)),
        Number(view.getBigUint64(event + 16, true)),
        view.getUint16(event + 24, true),
      ]
    })
  }
}

suite('blockless_socket', () => {
  test('tcp_connect gives a descriptor that is read, written, shut down and closed', async () => {
    await using server = await tcpServer((socket) => {
      socket.on('data', (bytes) => socket.write(`<${bytes}>`)).on('end', () => socket.end('bye'))
    })
    await using program = new Program()
    const { error, fd } = await program.open('tcp_connect', `127.0.0.1:${server.port}`)
    assert.deepEqual([error, fd], [0, 3])
    assert.equal(await program.write(fd, 'hello'), 0)
    assert.equal((await program.read(fd, 3)).text, '<he')
    assert.equal((await program.read(fd)).text, 'llo>')
    assert.equal(await program.wasi('sock_shutdown', fd, 2), 0)
    assert.equal((await program.read(fd)).text, 'bye')
    assert.equal((await program.read(fd)).text, '')
    assert.equal(await program.write(fd, 'x'), ERRNO.pipe)
    assert.equal(await program.wasi('fd_close', fd), 0)
    assert.equal((await program.read(fd)).error, ERRNO.badf)
  })

  test('create_tcp_bind_socket gives one to accept on', async () => {
    const probe = await tcpServer(() => {})
    await probe[Symbol.asyncDispose]()
    await using program = new Program()
    const { error, fd } = await program.open('create_tcp_bind_socket', `127.0.0.1:${probe.port}`)
    assert.equal(error, 0)
    assert.equal((await program.open('create_tcp_bind_socket', `127.0.0.1:${probe.port}`)).error, 4)
    assert.deepEqual(await program.poll([fd], 20), [[-1, 0, 0]])
    const client = connect(probe.port, '127.0.0.1')
    client.write('hi')
    assert.deepEqual(await program.poll([fd], 9000), [[fd, 0, 0]])
    const result = program.room(4)
    assert.equal(await program.wasi('sock_accept', fd, 0, result), 0)
    const connection = program.u32(result)
    assert.deepEqual(await program.poll([connection], 9000), [[connection, 2, 0]])
    assert.equal((await program.read(connection)).text, 'hi')
    assert.equal(await program.write(connection, 'welcome'), 0)
    assert.equal(String((await once(client, 'data'))[0]), 'welcome')
    client.end()
    await once(client, 'finish')
    assert.deepEqual(await program.poll([connection], 9000), [[connection, 0, 1]], 'the end is a hangup')
    assert.equal(await program.wasi('sock_accept', connection, 0, result), ERRNO.notsock)
    assert.equal((await program.read(fd)).error, ERRNO.notconn)
    client.destroy()
  })

  test('a descriptor that must not wait does not', async () => {
    let peer: Socket | undefined
    await using server = await tcpServer((socket) => {
      peer = socket
    })
    await using program = new Program()
    const { fd } = await program.open('tcp_connect', `127.0.0.1:${server.port}`)
    assert.equal(await program.wasi('fd_fdstat_set_flags', fd, 4), 0)
    assert.equal((await program.read(fd)).error, ERRNO.again)
    assert.equal(await program.write(fd, 'x'), 0)
    await eventually(() => peer !== undefined, 'the connection')
    peer?.write('now')
    assert.deepEqual(await program.poll([fd], 9000), [[fd, 3, 0]])
    assert.equal((await program.read(fd)).text, 'now')
    assert.equal((await program.read(fd)).error, ERRNO.again)
  })

  test('a write takes a part of what is more than a mebibyte', async () => {
    await using server = await tcpServer((socket) => void socket.resume())
    await using program = new Program()
    const { fd } = await program.open('tcp_connect', `127.0.0.1:${server.port}`)
    assert.equal(await program.write(fd, 'x'.repeat(2 ** 21)), 0)
    assert.equal(program.calls.at(-1)?.bytes.length, 2 ** 20)
  })

  const errors = [
    { name: 'tcp_connect', address: 'nonsense', error: 1 },
    { name: 'tcp_connect', address: Uint8Array.of(0xff), error: 1 },
    { name: 'tcp_connect', address: 'a'.repeat(400), error: 1 },
    { name: 'create_tcp_bind_socket', address: 'example.com:80', error: 1 },
    { name: 'create_tcp_bind_socket', address: '203.0.113.1:8080', error: 2 },
  ]
  for (const { name, address, error } of errors) {
    test(`${name} answers ${error} to ${String(address).slice(0, 20)}`, async () => {
      await using program = new Program()
      assert.equal((await program.open(name, address)).error, error)
    })
  }

  test('what is refused or not allowed is a refused connection', async () => {
    const server = await tcpServer(() => {})
    await using denied = new Program({ gate: CLOSED_GATE })
    assert.equal((await denied.open('tcp_connect', `127.0.0.1:${server.port}`)).error, 2)
    assert.equal((await denied.open('create_tcp_bind_socket', '127.0.0.1:0')).error, 2)
    await server[Symbol.asyncDispose]()
    await using program = new Program()
    assert.equal((await program.open('tcp_connect', `127.0.0.1:${server.port}`)).error, 2)
    await using without = new Program({ families: [] })
    assert.equal((await without.open('tcp_connect', '127.0.0.1:1')).error, 2)
  })

  test('a pointer outside the memory ends the run before anything is opened', async () => {
    await using program = new Program()
    const [address, size] = program.put('127.0.0.1:1')
    await assert.rejects(program.wasi('tcp_connect', address, size, 0xffff_fffe))
    assert.deepEqual(program.guest.end, { kind: 'memory-out-of-bounds', code: 0 })
    assert.equal(program.calls.length, 0)
  })

  test('no more connections than the run may have', async () => {
    await using server = await tcpServer((socket) => void socket.resume())
    await using program = new Program({ limits: { handlesMax: 2 } })
    const address = `127.0.0.1:${server.port}`
    const fds = [await program.open('tcp_connect', address), await program.open('tcp_connect', address)]
    assert.equal((await program.open('tcp_connect', address)).error, 2)
    assert.equal(await program.wasi('fd_close', fds[0]?.fd ?? 0), 0)
    assert.equal((await program.open('tcp_connect', address)).fd, 3, 'the lowest free descriptor')
  })
})

suite('blockless_drivers', () => {
  test('blockless_open connects by tcp://', async () => {
    await using server = await tcpServer((socket) => socket.end('here'))
    await using program = new Program()
    const { error, fd } = await program.drive(`tcp://127.0.0.1:${server.port}`, '{}')
    assert.equal(error, 0)
    assert.equal((await program.read(fd)).text, 'here')
  })

  const errors = [
    { url: 'no url', error: DRIVER_ERRORS.bad_params },
    { url: 'tcp://127.0.0.1', error: DRIVER_ERRORS.bad_params },
    { url: 'tcp://user@127.0.0.1:1', error: DRIVER_ERRORS.bad_params },
    { url: 'tcp://127.0.0.1:1/path', error: DRIVER_ERRORS.bad_params },
    { url: 'redis://127.0.0.1:1', error: DRIVER_ERRORS.bad_driver },
  ]
  for (const { url, error } of errors) {
    test(`blockless_open answers ${error} to "${url}"`, async () => {
      await using program = new Program()
      assert.equal((await program.drive(url)).error, error)
    })
  }

  test('blockless_open tells what is not allowed from what fails', async () => {
    const server = await tcpServer(() => {})
    await server[Symbol.asyncDispose]()
    await using program = new Program()
    assert.equal((await program.drive(`tcp://127.0.0.1:${server.port}`)).error, DRIVER_ERRORS.bad_connect)
    await using denied = new Program({ gate: CLOSED_GATE })
    assert.equal((await denied.drive('redis://127.0.0.1:1')).error, DRIVER_ERRORS.permission_deny)
  })
})
