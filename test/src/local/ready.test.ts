/** A queue says when nothing of it waits to be read any more. */
import assert from 'node:assert/strict'
import { SYSTEM_CLOCK } from '../../../src/local/clock.ts'
import { LocalQueue } from '../../../src/local/local-queue.ts'
import { NoStorage } from '../../../src/local/storage.ts'
import { Watchers } from '../../../src/local/watchers.ts'
import { SILENT } from '../../../src/report.ts'
import { defined } from '../../conformance/engine.ts'

describe('whether a queue is ready', () => {
  const make = () =>
    new LocalQueue(defined('q'), new Watchers(), {
      clock: SYSTEM_CLOCK,
      report: () => SILENT,
      queue: () => undefined,
    })

  it('is answered once it opens, and at once after that', async () => {
    const queue = make()
    const opening = Promise.withResolvers<NoStorage>()
    queue.keepBy(opening.promise)
    const early = queue.ready
    opening.resolve(new NoStorage())
    assert.equal(await early, true)
    assert.equal(await queue.ready, true)
  })

  it('is answered with no by one that ends, before that and after', async () => {
    const queue = make()
    queue.keepBy(new Promise(() => {}))
    const early = queue.ready
    await queue.release()
    assert.equal(await early, false)
    assert.equal(await queue.ready, false)
  })
})
