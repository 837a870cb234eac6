/** How docs/kamailio.md lets Node-RED reach the RPC of a Kamailio, run as it stands there. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseDefinition } from '../../src/definition.ts'
import { KamailioEngine, type KamailioPlace } from '../../src/kamailio/engine.ts'
import { makeCertificate } from '../support/certificate.ts'
import { freePort } from '../support/free-port.ts'
import { requires } from '../support/required.ts'
import { configurationOf, recipe } from './recipes.ts'
import { hasModule } from './rig.ts'
import { KamailioServer } from './server.ts'

const SIZES = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'mqueue.get_sizes' })

describe('the RPC of Kamailio, as docs/kamailio.md opens it', () => {
  requires(
    hasModule('tls') && hasModule('jsonrpcs'),
    'apt-get install kamailio kamailio-tls-modules',
  )
  interface Asked {
    path?: string
    from?: string
    password?: string
    isTls?: boolean
  }

  function ask(port: number, asked: Asked = {}): Promise<{ status: number; text: string }> {
    const { path = '/RPC', from = '127.0.0.1', password, isTls = false } = asked
    const options = {
      host: '127.0.0.1',
      port,
      path,
      method: 'POST',
      localAddress: from,
      headers: { 'Content-Type': 'application/json' },
      ...(password !== undefined && { auth: `node-red:${password}` }),
      rejectUnauthorized: false,
      agent: false,
    }
    return new Promise((resolve, reject) => {
      const request = (isTls ? httpsRequest : httpRequest)(options, (response) => {
        let text = ''
        response.on('data', (part) => {
          text += part
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
      })
      request.on('error', reject)
      request.end(SIZES)
    })
  }
  const calls = { name: 'calls', size: 0 }

  async function sizesOf(place: KamailioPlace): Promise<ReadonlyMap<string, number>> {
    const engine = new KamailioEngine(place)
    try {
      await engine.define([parseDefinition({ name: 'calls' })])
      return await engine.sizes()
    } finally {
      await engine.close()
    }
  }

  it('answers this machine, and no other', async () => {
    const port = await freePort()
    const cfg = configurationOf([recipe('live').replace('5060', `${port}`)], port)
    const kamailio = await KamailioServer.start(cfg, { port })
    try {
      const { status, text } = await ask(port)
      assert.equal(status, 200)
      assert.deepEqual(JSON.parse(text).result, [calls])
      assert.equal((await ask(port, { from: '127.0.0.2' })).status, 403)
      assert.equal((await ask(port, { path: '/other' })).status, 404)
    } finally {
      await kamailio.stop()
    }
  })

  describe('from another machine', () => {
    const dir = mkdtempSync(join(tmpdir(), 'mqueue-tls-'))
    let port: number
    let cfg: string
    before(async () => {
      makeCertificate(dir)
      const [, line = ''] = /lines such as: (.*)/.exec(recipe('remote')) ?? []
      writeFileSync(join(dir, 'addresses'), `${line.replace('192.0.2.20', '127.0.0.1')}\n`)
      port = await freePort()
      const text = recipe('remote')
        .replace('192.0.2.10:5061', `127.0.0.1:${port}`)
        .replace('/etc/kamailio/permissions.address', join(dir, 'addresses'))
        .replaceAll('/etc/kamailio/tls', dir)
      cfg = configurationOf([text], port)
    })
    after(() => rmSync(dir, { recursive: true }))

    describe('where a password is set', () => {
      const password = 'sec:ret "1'
      let kamailio: KamailioServer
      before(async () => {
        kamailio = await KamailioServer.start(cfg, { port, env: { MQUEUE_PASSWORD: password } })
      })
      after(() => kamailio?.stop())

      it('wants TLS, an address of its list, and the password', async () => {
        const { status, text } = await ask(port, { isTls: true, password })
        assert.equal(status, 200, text)
        assert.deepEqual(JSON.parse(text).result, [calls])
        for (const asked of [{}, { password: '' }, { password: 'wrong' }]) {
          assert.equal((await ask(port, { ...asked, isTls: true })).status, 401)
        }
        const elsewhere = { isTls: true, from: '127.0.0.2', password }
        assert.equal((await ask(port, elsewhere)).status, 403)
        await assert.rejects(ask(port, { password }))
      })

      it('lets in the engine that has the password and the certificate', async () => {
        const tls = { ca: readFileSync(join(dir, 'server.crt')) }
        const place = { rpcUrl: `https://127.0.0.1:${port}/RPC`, user: 'node-red', password, tls }
        assert.deepEqual([...(await sizesOf(place))], [['calls', 0]])
        for (const wrong of [{ password: 'wrong' }, { tls: {} }]) {
          await assert.rejects(sizesOf({ ...place, ...wrong }), { code: 'MQ_UNAVAILABLE' })
        }
      })
    })

    it('lets nobody in where no password is set', async () => {
      const kamailio = await KamailioServer.start(cfg, { port })
      try {
        for (const password of ['', '<null>']) {
          assert.equal((await ask(port, { isTls: true, password })).status, 401)
        }
      } finally {
        await kamailio.stop()
      }
    })
  })
})
