import assert from 'node:assert/strict'
import { MqueueError } from '../../../src/index.ts'
import { parseRpcAddress, type RpcLocation } from '../../../src/kamailio/address.ts'
import { checkPoll } from '../../../src/kamailio/rpc-url.ts'
import { JUNK } from '../../support/junk.ts'

function refused(parse: () => unknown): MqueueError {
  try {
    parse()
  } catch (error) {
    assert.ok(error instanceof MqueueError)
    assert.equal(error.code, 'MQ_INVALID_DEFINITION')
    assert.ok(!error.message.includes('secret'), error.message)
    return error
  }
  throw new assert.AssertionError({ message: 'it was taken' })
}

const at = (rpcUrl?: unknown, more: RpcLocation = {}) => parseRpcAddress({ rpcUrl, ...more })

describe('the address of the RPC of a Kamailio', () => {
  for (const [text, isTls, host, port, path] of [
    [undefined, false, '127.0.0.1', 5060, '/RPC'],
    [null, false, '127.0.0.1', 5060, '/RPC'],
    ['  ', false, '127.0.0.1', 5060, '/RPC'],
    ['http://sip.example', false, 'sip.example', 80, '/RPC'],
    [' HTTPS://sip.example/ ', true, 'sip.example', 443, '/RPC'],
    ['https://sip_1:8443/json rpc', undefined, '', 0, ''],
    ['https://sip_1:8443/jsonrpc?a=b', true, 'sip_1', 8443, '/jsonrpc?a=b'],
    ['http://[::1]:5060/rpc/ü', false, '::1', 5060, '/rpc/%C3%BC'],
    ['http://user:secret@a:1/x', false, 'a', 1, '/x'],
  ] as const) {
    it(`reads ${text}`, () => {
      if (isTls === undefined) {
        assert.equal(refused(() => at(text)).rule, 'rpcUrl')
        return
      }
      const address = at(text)
      assert.deepEqual(
        [address.isTls, address.host, address.port, address.path],
        [isTls, host, port, path],
      )
      assert.ok(!address.shown.includes('secret'))
    })
  }

  it('takes the user and the password from it, or those given before them', () => {
    const url = 'http://us%40er:pa%3Ass@a'
    assert.deepEqual([at(url).user, at(url).password], ['us@er', 'pa:ss'])
    const given = at(url, { user: 'other', password: 5 })
    assert.deepEqual([given.user, given.password], ['other', '5'])
    assert.equal(given.redact('other pa:ss'), '*** ***')
  })

  for (const [rpcUrl, rule] of [
    ['redis://a', 'rpcUrl'],
    ['a:5060/RPC', 'rpcUrl'],
    ['http://a/RPC#part', 'rpcUrl'],
    ['http://b c/', 'rpcServer'],
    ['http://', 'rpcServer'],
    ['http://a:0', 'rpcServer'],
    ['http://a:65536', 'rpcServer'],
    ['http://[1:2]', 'rpcServer'],
    ['http://user:secret%@a', 'rpcPercent'],
    [`http://${'\ud800'}`, 'rpcUrl'],
  ] as const) {
    it(`refuses ${rpcUrl}`, () => {
      const { field, rule: broken } = refused(() => at(rpcUrl))
      assert.deepEqual([field, broken], ['rpcUrl', rule])
    })
  }

  it('is nothing but a text, whatever is in a flow file', () => {
    for (const junk of JUNK) {
      if (junk === undefined || junk === null) continue
      if (typeof junk !== 'string') assert.equal(refused(() => at(junk)).rule, 'rpcUrl')
    }
  })
})

describe('the poll', () => {
  it('is a number of seconds, also as a text', () => {
    assert.deepEqual(
      [undefined, '', ' ', 0.01, '0.01', ' 2.5 ', 3600].map(checkPoll),
      [1, 1, 1, 0.01, 0.01, 2.5, 3600],
    )
  })

  it('is refused when it is anything else', () => {
    for (const bad of [0, -1, '0', 3601, 'often', Number.NaN, Number.POSITIVE_INFINITY, {}, true]) {
      assert.equal(refused(() => checkPoll(bad)).rule, 'poll')
    }
  })
})
