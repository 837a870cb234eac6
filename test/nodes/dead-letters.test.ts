/** What a message from a dead letter queue says of the item: why it was given up, and where. */
import assert from 'node:assert/strict'
import { load, unload } from '../support/bench.ts'
import { config } from '../support/flows.ts'

/** Queues an item for each payload, rejects all of them, and fetches from the dead letter queue. */
async function rejected(payloads: unknown[], { add = {}, fetch }: { add?: object; fetch: object }) {
  const { run } = await load([
    config([{ name: 'work', deadLetter: 'dead' }, { name: 'dead' }]),
    { id: 'add', type: 'mq-add', queue: 'work', ...add },
    { id: 'lease', type: 'mq-fetch', queue: 'work', lease: 60 },
    { id: 'reject', type: 'mq-ack', action: 'reject' },
    { id: 'fetch', type: 'mq-fetch', queue: 'dead', ...fetch },
  ])
  for (const payload of payloads) {
    await run('add', { _msgid: `of ${payload}`, topic: 'k', payload })
    const { out } = await run('lease', {})
    const { error } = await run('reject', { ...out[0] })
    assert.equal(error, undefined)
  }
  const { out } = await run('fetch', { _msgid: 'trigger', mine: 1 })
  return out[0] as Record<string, unknown>
}

describe('an item of a dead letter queue', () => {
  afterEach(unload)

  it('says why it is there, and which queue gave it up', async () => {
    const { mqv, mqreason, mqueue } = await rejected([1], { fetch: {} })
    assert.deepEqual([mqv, mqreason, mqueue], [1, 'rejected', 'work'])
  })

  it('says so among others, in lists', async () => {
    const fetch = { count: 'all', as: 'list' }
    const { mqv, mqreason, mqueue } = await rejected([1, 2], { fetch })
    assert.deepEqual(mqv, [1, 2])
    assert.deepEqual(mqreason, ['rejected', 'rejected'])
    assert.deepEqual(mqueue, ['work', 'work'])
  })

  it('says so in the message that it was, when that is restored', async () => {
    const add = { valueType: 'fullmsg', value: '' }
    const msg = await rejected([1], { add, fetch: { restore: true } })
    const { _msgid, payload, mine, mqreason, mqueue } = msg
    assert.deepEqual([_msgid, payload, mine], ['of 1', 1, 1])
    assert.deepEqual([mqreason, mqueue], ['rejected', 'work'])
  })
})
