import assert from 'node:assert/strict'
import test from 'node:test'
import { toUtf8 } from '@blockless/core'
import fc from 'fast-check'
import { FunctionResponseError, parseFunctionResponse } from '../../src/http/cgi-response.ts'

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

test('parseFunctionResponse() takes plain output as a 200 of the manifest\u2019s type', () => {
  for (const [type, expected] of [
    ['text', 'text/plain; charset=utf-8'],
    ['html', 'text/html; charset=utf-8'],
    ['json', 'application/json'],
  ] as const) {
    const response = parseFunctionResponse(toUtf8('hi'), type)
    assert.deepEqual(
      { ...response, body: text(response.body) },
      { status: 200, headers: [['content-type', expected]], body: 'hi' },
    )
  }
  assert.equal(parseFunctionResponse(toUtf8('HTTP/1.1 404'), 'text').status, 200)
  assert.equal(parseFunctionResponse(toUtf8('status: 404\n\n'), 'text').status, 200)
})

const good = [
  {
    name: 'with line feeds',
    stdout: 'Status: 404 Not Found\nX-A: 1\n\nbody',
    status: 404,
    headers: [['x-a', '1']],
    body: 'body',
  },
  {
    name: 'with carriage returns',
    stdout: 'Status: 200\r\nX-A:  1 \r\n\r\n\r\nb',
    status: 200,
    headers: [['x-a', '1']],
    body: '\r\nb',
  },
  { name: 'without headers or body', stdout: 'Status: 204\n\n', status: 204, headers: [], body: '' },
  {
    name: 'with two cookies',
    stdout: 'Status: 200\nSet-Cookie: a=1\nset-cookie: b=2\n\n',
    status: 200,
    headers: [
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=2'],
    ],
    body: '',
  },
  {
    name: 'without what the connection decides',
    stdout: 'Status: 200\nContent-Length: 9\nTransfer-Encoding: chunked\nConnection: close\nTE: x\n\nb',
    status: 200,
    headers: [],
    body: 'b',
  },
  {
    name: 'without what only the gateway says',
    stdout: 'Status: 200\nX-Blockless-Receipt: forged\nx-blockless-other: 1\n\n',
    status: 200,
    headers: [],
    body: '',
  },
  {
    name: 'with a value of colons',
    stdout: 'Status: 302\nLocation: http://a.example:1/\n\n',
    status: 302,
    headers: [['location', 'http://a.example:1/']],
    body: '',
  },
]
for (const { name, stdout, status, headers, body } of good) {
  test(`parseFunctionResponse() reads a response ${name}`, () => {
    const response = parseFunctionResponse(toUtf8(stdout), 'text')
    assert.deepEqual({ ...response, body: text(response.body) }, { status, headers, body })
  })
}

const bad = [
  { name: 'no number', stdout: 'Status: OK\n\n' },
  { name: 'a number out of range', stdout: 'Status: 600\n\n' },
  { name: 'an interim status', stdout: 'Status: 101 Switching Protocols\n\n' },
  { name: 'four digits', stdout: 'Status: 2000\n\n' },
  { name: 'no empty line', stdout: 'Status: 200\nX-A: 1' },
  { name: 'nothing after the status', stdout: 'Status: 200' },
  { name: 'a header without a colon', stdout: 'Status: 200\nnonsense\n\n' },
  { name: 'a header name with a space', stdout: 'Status: 200\nX A: 1\n\n' },
  { name: 'a carriage return inside a value', stdout: 'Status: 200\nX-A: 1\rX-B: 2\n\n' },
  { name: 'NUL in a value', stdout: 'Status: 200\nX-A: \0\n\n' },
  { name: 'a folded header', stdout: 'Status: 200\nX-A: 1\n 2\n\n' },
  { name: 'letters beyond ASCII in a value', stdout: 'Status: 200\nX-A: \u00e9\n\n' },
  { name: 'headers without end', stdout: `Status: 200\n${'X-A: 1\n'.repeat(3_000)}\n` },
]
for (const { name, stdout } of bad) {
  test(`parseFunctionResponse() refuses ${name}`, () => {
    assert.throws(() => parseFunctionResponse(toUtf8(stdout), 'text'), FunctionResponseError)
  })
}

test('parseFunctionResponse() turns a data URL in base64 into its bytes and type', () => {
  const bytes = Uint8Array.of(0, 255, 10, 13)
  const image = parseFunctionResponse(
    toUtf8(`data:image/png;base64,${Buffer.from(bytes).toString('base64')}\n`),
    'html',
  )
  assert.deepEqual(image.headers, [['content-type', 'image/png']])
  assert.deepEqual(new Uint8Array(image.body), bytes)
  for (const plain of [
    'data:text/plain,hi',
    'data:image/png;base64,???',
    'data: nothing',
    'data:a\r\nX: 1/b;base64,QQ==',
  ]) {
    assert.equal(text(parseFunctionResponse(toUtf8(plain), 'text').body), plain)
  }
})

test('parseFunctionResponse() gives only headers that cannot break out of their line, or an error', () => {
  const line = fc.string({ unit: fc.constantFrom('a', ':', ' ', '\r', '\n', '\0', '\t', '\u00ff', '-'), maxLength: 40 })
  fc.assert(
    fc.property(line, (garbage) => {
      try {
        const { headers } = parseFunctionResponse(toUtf8(`Status: 200\n${garbage}\n\nbody`), 'text')
        for (const [name, value] of headers) assert.match(`${name}: ${value}`, /^[!-9;-~]+: [\x20-\x7e\t]*$/)
      } catch (error) {
        assert.ok(error instanceof FunctionResponseError)
      }
    }),
  )
})
