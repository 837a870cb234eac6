import assert from 'node:assert/strict'
import { config, probe, TAB } from '../support/flows.ts'
import { NodeRed } from '../support/node-red.ts'
import { requires } from '../support/required.ts'
import { hasModule, Rig } from './rig.ts'

/** A Kamailio whose script fetches an item from Node-RED and reads its key and value. */
const script = (url: string) => `
  case "remote":
    $var(call) = "{\\"jsonrpc\\":\\"2.0\\",\\"method\\":\\"mqueue.fetch\\",\\"params\\":[\\"calls\\"],\\"id\\":1}";
    $var(rc) = http_client_query("${url}", "$var(call)", "Content-Type: application/json", "$var(answer)");
    if ($var(rc) == 200) {
      json_get_field("$var(answer)", "result", "$var(item)");
      json_get_string("$var(item)", "key", "$var(key)");
      json_get_string("$var(item)", "val", "$var(val)");
      xhttp_reply("200", "OK", "text/plain", "$var(rc) $var(key) $var(val)");
    } else {
      xhttp_reply("200", "OK", "text/plain", "$var(rc)");
    }
    exit;`

describe('a real Kamailio as the client', () => {
  requires(
    hasModule('http_client') && hasModule('json'),
    'apt-get install kamailio kamailio-json-modules kamailio-utils-modules',
  )

  it('fetches items with its HTTP client and reads them', async () => {
    const nodeRed = await NodeRed.start({
      flows: [
        TAB,
        config([{ name: 'calls' }]),
        ...probe({ id: 'add', type: 'mq-add', queue: 'calls' }),
      ],
    })
    const rig = await Rig.start({
      modules: ['http_client', 'json'],
      script: script(`${nodeRed.url}/mqueue/rpc`),
    })
    try {
      await nodeRed.ask('add', { topic: 'alice', payload: 'grüße "\\' })
      await nodeRed.ask('add', { topic: 'bob', payload: 'second' })
      assert.equal(await rig.run('remote'), '200 alice grüße "\\')
      assert.equal(await rig.run('remote'), '200 bob second')
      assert.equal(await rig.run('remote'), '404')
    } finally {
      await rig.stop()
      await nodeRed.stop()
    }
  })
})
