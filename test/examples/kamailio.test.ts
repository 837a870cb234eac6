/** The proxy of examples/kamailio: with its own consumer, and with the flow that stands in for that. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { hasModule } from '../kamailio/rig.ts'
import { KamailioServer } from '../kamailio/server.ts'
import { SipPhone } from '../kamailio/sip-phone.ts'
import { freePort } from '../support/free-port.ts'
import { type FlowNode, NodeRed, PROJECT, until } from '../support/node-red.ts'
import { requires } from '../support/required.ts'

const read = (file: string) => readFileSync(join(PROJECT, 'examples/kamailio', file), 'utf8')

interface CallEvent {
  event: string
  from: string
  to: string
  time: number
}

/** Makes a call through a proxy, from a phone to itself, and hangs up. */
async function call(phone: SipPhone, server: number, callId: string): Promise<void> {
  const uri = `sip:bob@127.0.0.1:${phone.port}`
  assert.equal(await phone.ask({ method: 'INVITE', callId, uri }), 200)
  const headers = [`Route: <sip:127.0.0.1:${server};lr>`]
  assert.equal(await phone.ask({ method: 'BYE', callId, uri, toTag: 'b', headers }), 200)
}

function isOfCall({ event, from, to, time }: CallEvent, what: string): void {
  assert.deepEqual([event, from, to], [what, 'sip:alice@example.com', 'sip:bob@example.com'])
  assert.ok(Math.abs(Date.now() / 1000 - time) < 60, `${time}`)
}

describe('the example with a Kamailio', function () {
  this.timeout(180_000)
  requires(
    ['jansson', 'http_client'].every(hasModule),
    'apt-get install kamailio kamailio-extra-modules kamailio-utils-modules',
  )
  const callId = `a"b\\c'd@example.com`

  for (const file of ['kamailio-rtimer.cfg', 'kamailio.cfg']) {
    it(`${file} is a configuration that Kamailio takes`, () => {
      assert.equal(KamailioServer.check(read(file)), '')
    })
  }

  describe('that posts its call events itself', () => {
    const posted: CallEvent[] = []
    let service: Server
    let kamailio: KamailioServer
    let phone: SipPhone
    let port: number
    before(async () => {
      service = createServer(async (req, res) => {
        let text = ''
        for await (const part of req) text += part
        posted.push(JSON.parse(text))
        res.end()
      })
      service.listen(0, '127.0.0.1')
      await once(service, 'listening')
      const { port: servicePort } = service.address() as AddressInfo
      port = await freePort()
      const cfg = read('kamailio-rtimer.cfg')
        .replaceAll('127.0.0.1:5060', `127.0.0.1:${port}`)
        .replace('127.0.0.1:1880', `127.0.0.1:${servicePort}`)
      kamailio = await KamailioServer.start(cfg, { port })
      phone = await SipPhone.open(port)
    })
    after(async () => {
      phone?.close()
      await kamailio?.stop()
      service?.close()
    })

    it('posts one when a call begins and one when it ends', async () => {
      await call(phone, port, callId)
      await until(() => posted.length === 2, 'two events')
      isOfCall(posted[0] as CallEvent, 'started')
      isOfCall(posted[1] as CallEvent, 'ended')
    })
  })

  describe('whose call events a flow takes', () => {
    let kamailio: KamailioServer
    let nodeRed: NodeRed
    let phone: SipPhone
    let port: number
    before(async () => {
      port = await freePort()
      const cfg = read('kamailio.cfg').replaceAll('127.0.0.1:5060', `127.0.0.1:${port}`)
      kamailio = await KamailioServer.start(cfg, { port })
      phone = await SipPhone.open(port)
      const text = read('flows.json').replace('127.0.0.1:5060', `127.0.0.1:${port}`)
      const flows: FlowNode[] = JSON.parse(text)
      // What comes is in the log as well, where it can be seen from here.
      const logged = flows.map((node) =>
        node.type === 'debug' ? { ...node, console: true } : node,
      )
      nodeRed = await NodeRed.start({ flows: logged })
    })
    after(async () => {
      phone?.close()
      await nodeRed?.stop()
      await kamailio?.stop()
    })

    it('hands on one when a call begins and one when it ends', async () => {
      await call(phone, port, callId)
      await nodeRed.logged(/a call ended/)
      const shown = nodeRed.log.slice(nodeRed.log.indexOf('a call began'))
      assert.match(shown, /event: 'started'[\s\S]*a call ended[\s\S]*event: 'ended'/)
      assert.match(shown, /topic: `a"b\\\\c'd@example\.com`/)
      assert.doesNotMatch(nodeRed.log, /\[(error|warn)\] \[mq/)
    })
  })
})
