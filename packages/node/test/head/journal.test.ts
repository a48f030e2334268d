import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import test from 'node:test'
import { subnetCidOf, toHex } from '@blockless/core'
import { Journal, JournalError } from '@blockless/node'
import { RecordingLogger } from '@blockless/testing'
import { recordOf } from '../support/records.ts'

async function withFolder(work: (path: string, folder: string) => Promise<void> | void): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'journal-'))
  try {
    await work(join(folder, 'journal.sqlite'), folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function open(path: string, requestsCountMax = 1_000): { journal: Journal; log: RecordingLogger } {
  const log = new RecordingLogger()
  const journal = new Journal({ log }, { path, requestsCountMax })
  journal.start()
  return { journal, log }
}

test('Journal keeps receipts, stories and draws beyond a restart', async () => {
  await withFolder((path) => {
    const { journal } = open(path)
    const { story, receipt, subnet } = recordOf(1)
    const subnetCid = subnetCidOf(subnet).toString()
    journal.recordSubnet(subnetCid, subnet)
    journal.record(story, receipt)
    assert.deepEqual(journal.findReceipt(receipt.cid), receipt.receipt, 'before it is on disk')
    assert.deepEqual(journal.findSubnet(subnetCid), subnet)
    journal.stop()
    const again = open(path).journal
    assert.deepEqual(again.findReceipt(receipt.cid), receipt.receipt)
    assert.deepEqual(again.findSubnet(subnetCid), subnet)
    assert.deepEqual(again.findStory(story.requestId), story)
    again.stop()
  })
})

test('findStory() finds by id, by the start of an id, and by receipt, on disk and before', async () => {
  const { journal } = open(':memory:')
  const { story, receipt } = recordOf(1)
  journal.record(story, receipt)
  for (const state of ['waiting', 'written']) {
    for (const key of [story.requestId, story.requestId.slice(0, 8), story.requestId.slice(0, 40), receipt.cid]) {
      assert.deepEqual(journal.findStory(key), story, `${state}: ${key}`)
    }
    for (const key of [
      story.requestId.slice(0, 7),
      '',
      'g'.repeat(8),
      `${story.requestId.slice(0, 8)}%`,
      '0'.repeat(64),
    ]) {
      assert.equal(journal.findStory(key), undefined, `${state}: ${key}`)
    }
    assert.deepEqual(journal.latest(10), [story])
  }
  journal.stop()
})

test('latest() gives the newest first, at most as many as asked for', () => {
  const { journal } = open(':memory:')
  const records = Array.from({ length: 5 }, (_, index) => recordOf(index))
  for (const { story, receipt } of records) journal.record(story, receipt)
  assert.deepEqual(
    journal.latest(3).map(({ requestId }) => requestId),
    records
      .slice(2)
      .map(({ story }) => story.requestId)
      .reverse(),
  )
  journal.stop()
})

test('Journal keeps a bounded number of requests and draws', async () => {
  await withFolder((path) => {
    const { journal } = open(path, 10)
    const records = Array.from({ length: 25 }, (_, index) => recordOf(index))
    for (const { story, receipt, subnet } of records) {
      journal.recordSubnet(subnetCidOf(subnet).toString(), subnet)
      journal.record(story, receipt)
    }
    assert.equal(journal.latest(1_000).length, 10)
    assert.equal(journal.findReceipt(records[14]?.receipt.cid ?? ''), undefined)
    assert.ok(journal.findReceipt(records[15]?.receipt.cid ?? '') !== undefined)
    journal.stop()
    const database = new DatabaseSync(path)
    assert.equal(database.prepare('SELECT count(*) AS count FROM subnets').get()?.['count'], 10)
    database.close()
  })
})

test('start() refuses a file that is no journal with ERR_JOURNAL, and can be called again', async () => {
  await withFolder(async (path, folder) => {
    await writeFile(path, 'this is not a database, but long enough to be looked at as one'.repeat(100))
    const journal = new Journal({ log: new RecordingLogger() }, { path, requestsCountMax: 10 })
    assert.throws(
      () => journal.start(),
      (error) => error instanceof JournalError && error.message.includes(path),
    )
    await rm(path)
    journal.start()
    journal.stop()
    const inFolder = new Journal({ log: new RecordingLogger() }, { path: folder, requestsCountMax: 10 })
    assert.throws(() => inFolder.start(), { code: 'ERR_JOURNAL' })
  })
})

test('a disk that refuses costs no answer: all is still found, written later, and said in the log', async () => {
  await withFolder((path) => {
    const { journal, log } = open(path)
    const blocker = new DatabaseSync(path)
    blocker.exec('BEGIN IMMEDIATE') // whoever else writes is refused at once
    const { story, receipt, subnet } = recordOf(1)
    const subnetCid = subnetCidOf(subnet).toString()
    journal.recordSubnet(subnetCid, subnet)
    journal.record(story, receipt)
    const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    for (let index = 0; index < 50; index++) assert.deepEqual(journal.latest(10), [story])
    const timersNow = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    assert.ok(timersNow <= timers + 1, `${timersNow} timers, ${timers} before`)
    assert.deepEqual(journal.findReceipt(receipt.cid), receipt.receipt)
    assert.deepEqual(journal.findSubnet(subnetCid), subnet)
    assert.deepEqual(journal.findStory(story.requestId), story)
    assert.ok(log.messages('error').includes('journal not written, will try again'))
    blocker.exec('ROLLBACK')
    blocker.close()
    journal.stop()
    const again = open(path).journal
    assert.deepEqual(again.findReceipt(receipt.cid), receipt.receipt)
    again.stop()
  })
})

test('record() after stop() does no harm', () => {
  const { journal } = open(':memory:')
  journal.stop()
  const { story, receipt } = recordOf(1)
  journal.record(story, receipt)
  journal.stop()
  assert.equal(toHex(receipt.receipt.requestId), story.requestId)
})
