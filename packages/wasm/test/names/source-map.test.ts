import assert from 'node:assert/strict'
import { test } from 'node:test'
import { placeWithin, readSourceMap } from '../../src/names/source-map.ts'

const mapOf = (mappings: string, rest: object = {}): string =>
  JSON.stringify({ version: 3, sources: ['a.ts', 'b.ts'], names: ['run', 'stop'], mappings, ...rest })

test('readSourceMap() reads offsets, sources, lines and names, each relative to the one before', () => {
  // a place at 10, one with a name at 12, none at 10, which counts all the same, and one 295 bytes behind that
  const map = readSourceMap(mapOf('UAAA,ECGAA,F,uSDDAC'))
  assert.deepEqual(map, {
    offsets: [10, 12, 305],
    places: [
      { source: 'a.ts', line: 0, name: undefined },
      { source: 'b.ts', line: 3, name: 'run' },
      { source: 'a.ts', line: 2, name: 'stop' },
    ],
  })
})

test('readSourceMap() sorts mappings that go back, and passes over the lines of other files', () => {
  const map = readSourceMap(mapOf('oBAEA,TAFA;AAAA'))
  assert.deepEqual(map?.offsets, [11, 20])
  assert.equal(map?.places[0]?.line, 0)
})

for (const { name, text } of [
  { name: 'no JSON', text: 'mappings' },
  { name: 'no object', text: '7' },
  { name: 'null', text: 'null' },
  { name: 'another version', text: mapOf('AAAA', { version: 2 }) },
  { name: 'sources that are no list', text: mapOf('AAAA', { sources: 'a.ts' }) },
  { name: 'sections instead of mappings', text: mapOf('', { mappings: undefined, sections: [] }) },
  { name: 'a digit that is none', text: mapOf('AA*A') },
  { name: 'a number without an end', text: mapOf('AAAg') },
  { name: 'a number that is too long', text: mapOf('ggggggggggggA') },
  { name: 'too many fields', text: mapOf('AAAAAA') },
]) {
  test(`readSourceMap() gives nothing for ${name}`, () => {
    assert.equal(readSourceMap(text), undefined)
  })
}

test('readSourceMap() lets pass what keeps a map from being run, and sources that are missing', () => {
  assert.deepEqual(readSourceMap(`)]}'\n${mapOf('AAAA')}`)?.offsets, [0])
  assert.equal(readSourceMap(mapOf('AYAA'))?.places[0]?.source, '')
})

test('placeWithin() finds the first place at or after the start and before the end', () => {
  const map = readSourceMap(mapOf('UAAA,UAEA')) // 10: line 0, 20: line 2
  assert.ok(map)
  assert.equal(placeWithin(map, 0, 11)?.line, 0)
  assert.equal(placeWithin(map, 10, 11)?.line, 0)
  assert.equal(placeWithin(map, 11, 30)?.line, 2)
  assert.equal(placeWithin(map, 11, 20), undefined)
  assert.equal(placeWithin(map, 21, 30), undefined)
})
