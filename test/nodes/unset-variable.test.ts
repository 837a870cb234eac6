// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references as Node-RED writes them
/** An environment variable that is not set is named, wherever a setting may come from one. */
import assert from 'node:assert/strict'
import { load, unload } from '../support/bench.ts'
import { config } from '../support/flows.ts'

const UNSET = '${MQ_TEST_MISSING}'
const NAMED = /The environment variable "MQ_TEST_MISSING" is not set\. /

describe('an environment variable that is not set', () => {
  afterEach(() => unload())

  const errorOf = async (node: object, queue: object = {}, more: object = {}) => {
    const nodes = [
      config([{ name: 'q', ...queue }], more),
      { id: 'n', type: 'mq-size', queue: 'q', ...node },
    ]
    const { run } = await load(nodes)
    const { error } = await run('n', { topic: 'k', payload: 'v', mqlease: 'q:1' })
    return error
  }

  for (const [field, queue, more] of [
    ['engine', {}, { engine: UNSET }],
    ['dbUrl', { dbmode: 1 }, { dbUrl: UNSET }],
    ['redisUrl', {}, { engine: 'redis', redisUrl: UNSET }],
    ['prefix', {}, { engine: 'redis', prefix: UNSET }],
    ['rpcUrl', {}, { engine: 'kamailio', rpcUrl: UNSET }],
    ['poll', {}, { engine: 'kamailio', poll: UNSET }],
    ['mqueueSize', {}, { mqueueSize: UNSET }],
    ['mqueueAddmode', {}, { mqueueAddmode: UNSET }],
    ['queues', {}, { queues: UNSET }],
    ['size', { size: UNSET }, {}],
    ['deadLetter', { deadLetter: UNSET }, {}],
  ] as const) {
    it(`is named where ${field} of the config node should come from it`, async () => {
      const error = await errorOf({}, queue, more)
      assert.match(error?.message ?? '', NAMED)
      assert.equal(error?.code, 'MQ_INVALID_DEFINITION')
    })
  }

  for (const [type, fields] of Object.entries({
    'mq-fetch': ['queue', 'mqueue', 'wait', 'count', 'lease', 'as', 'keyTo', 'valueTo'],
    'mq-size': ['queue', 'mqueue', 'sizeTo'],
    'mq-ack': ['mqueue', 'action', 'delay'],
    'mq-control': ['queue', 'mqueue', 'action', 'count', 'resultTo'],
  })) {
    for (const field of fields) {
      it(`is named where ${field} of ${type} should come from it`, async () => {
        const action = type === 'mq-ack' ? { action: 'retry' } : {}
        const error = await errorOf({ type, ...action, [field]: UNSET })
        assert.match(error?.message ?? '', NAMED)
      })
    }
  }

  it('is named where it should have the name of the queue', async () => {
    const error = await errorOf({ queue: 'MQ_TEST_MISSING', queueType: 'env' })
    assert.match(error?.message ?? '', NAMED)
    assert.match(error?.message ?? '', /No queue is chosen\. /)
    assert.equal(error?.code, 'MQ_UNKNOWN_QUEUE')
  })
})
