/** What the dialogs say of nodes whose queues are those of a live Kamailio. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references as Node-RED writes them
import assert from 'node:assert/strict'

type Validate = (node: object, ...rest: unknown[]) => true | string

/** The scripts of the dialogs, which find their globals in the browser. */
interface Validators {
  validateAction: Validate
  validateKamailio: Validate
  validateNumber: Validate
  validateQueue: Validate
  validateQueues: Validate
  validateSupported: Validate
}

const script = (name: string) => import(`../../../nodes/editor/${name}.ts`)
const { validateNumber } = (await script('numbers')) as Validators
const { validateAction, validateKamailio, validateQueue, validateQueues, validateSupported } =
  (await script('validators')) as Validators

const CONFIGS: Record<string, object> = {
  live: { id: 'live', type: 'mqueue', engine: 'kamailio', queues: [{ name: 'calls' }] },
  here: { id: 'here', type: 'mqueue', engine: 'memory', queues: [{ name: 'calls' }] },
  maybe: { id: 'maybe', type: 'mqueue', engine: '${ENGINE}', queues: [{ name: 'calls' }] },
}
const globals = globalThis as { $?: unknown; RED?: unknown }

describe('what is wrong with nodes whose queues are in Kamailio', () => {
  before(() => {
    // No dialog is open.
    globals.$ = () => ({ data: () => undefined })
    globals.RED = {
      _: (key: string) => key.split(':mqueue.')[1],
      nodes: { node: (id: string) => CONFIGS[id] ?? null },
      utils: { validateTypedProperty: () => true },
    }
  })
  after(() => {
    delete globals.$
    delete globals.RED
  })

  const node = (type: string, more: object = {}) => ({ id: 'n', type, mqueue: 'live', ...more })

  for (const [what, check, bad, good, reason] of [
    ['mq-add', validateQueue, ['calls', '', '${Q}'], [], 'noAdd'],
    ['mq-ack', validateAction, ['ack', 'retry', '${A}', undefined], [], 'noAck'],
    ['mq-control', validateAction, ['peek', 'remove', 'pause'], ['stats', '${A}'], 'onlyStats'],
  ] as const) {
    it(`${what}: ${bad.join(', ')} cannot be done`, () => {
      for (const value of bad) assert.equal(check(node(what), value, {}), `kamailio.${reason}`)
      for (const value of good) assert.equal(check(node(what), value, {}), true)
      for (const mqueue of ['here', 'maybe', 'none']) {
        const other = { ...node(what), mqueue }
        for (const value of bad) assert.doesNotMatch(String(check(other, value, {})), /kamailio/)
      }
    })
  }

  it('mq-control: what messages say is only known then', () => {
    assert.equal(validateAction(node('mq-control', { actionType: 'msg' }), 'mqaction', {}), true)
    assert.equal(
      validateAction(node('mq-ack', { actionType: 'msg' }), 'mqack', {}),
      'kamailio.noAck',
    )
  })

  for (const [type, property, bad, good, reason] of [
    ['mq-consume', 'ack', ['manual', '', undefined], ['auto', '${ACK}'], 'noManual'],
    ['mq-size', 'leased', [true, 'true'], [false, '', undefined, '${L}'], 'noLeased'],
  ] as const) {
    it(`${type}: ${property} may not be ${bad.join(', ')}`, () => {
      for (const value of bad) {
        assert.equal(validateSupported(node(type), property, value), `kamailio.${reason}`)
        assert.equal(validateSupported({ ...node(type), mqueue: 'here' }, property, value), true)
        assert.equal(validateSupported({ ...node(type), mqueue: 'maybe' }, property, value), true)
      }
      for (const value of good) assert.equal(validateSupported(node(type), property, value), true)
    })
  }

  it('mq-fetch: a lease, and still what is not a lease anywhere', () => {
    const check = (lease: unknown, mqueue = 'live') =>
      validateNumber({ ...node('mq-fetch'), mqueue }, 'lease', lease)
    for (const lease of [60, '0.5']) assert.equal(check(lease), 'kamailio.noLease')
    for (const lease of ['', 0, '0', ' 0 ', '${LEASE}']) assert.equal(check(lease), true)
    assert.equal(check('many'), 'number.between')
    assert.equal(check(60, 'here'), true)
  })

  it('other nodes and properties do what they do everywhere', () => {
    assert.equal(validateQueue(node('mq-fetch'), 'calls', {}), true)
    assert.equal(validateQueue(node('mq-fetch'), 'lost', {}), 'queue.unknown')
    assert.equal(validateNumber(node('mq-fetch'), 'wait', 5), true)
  })
})

describe('what is wrong with a config node whose queues are in Kamailio', () => {
  before(() => {
    globals.$ = () => ({ data: () => undefined })
    globals.RED = { _: (key: string) => key.split(':mqueue.')[1] }
  })
  after(() => {
    delete globals.$
    delete globals.RED
  })

  const config = (engine: string) => ({ id: 'c', type: 'mqueue', engine })

  for (const [field, bad, good] of [
    ['rpcUrl', ['ftp://h', 'h:5060', 'http://h:0/RPC'], ['', 'https://me@h/x', '${URL}']],
    ['poll', ['0', '3601', 'often', '1s'], ['', 1, '0.01', '3600', '${POLL}']],
  ] as const) {
    it(`is its ${field}, while it has one`, () => {
      for (const value of bad) {
        assert.match(String(validateKamailio(config('kamailio'), field, value)), /^rule\.\w+$/)
        assert.match(String(validateKamailio(config('${ENGINE}'), field, value)), /^rule\.\w+$/)
        assert.equal(validateKamailio(config('memory'), field, value), true)
      }
      for (const value of good) {
        assert.equal(validateKamailio(config('kamailio'), field, value), true, String(value))
      }
    })
  }

  it('is a dbmode that is not 0', () => {
    const queues = [{ name: 'calls', dbmode: 4 }]
    assert.equal(validateQueues(config('kamailio'), queues), 'kamailio.dbmode')
    assert.equal(validateQueues(config('redis'), queues), 'redis.dbmode')
    assert.equal(validateQueues(config('memory'), queues), true)
    assert.equal(validateQueues(config('kamailio'), [{ name: 'calls', dbmode: 0 }]), true)
  })
})
