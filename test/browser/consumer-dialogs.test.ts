// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references as Node-RED writes them
import assert from 'node:assert/strict'
import type { FlowNode } from '../support/node-red.ts'
import { assertAccessible } from './accessibility.ts'
import { oneOfEach } from './flows.ts'
import { describeEditor } from './in-editor.ts'

const LONG = 'a-queue-with-a-name-as-long-as-names-can-be-64-characters-of-it-'
const flows = oneOfEach([{ name: 'calls' }, { name: LONG }])

/** What a new node has, besides what every node has. */
const DEFAULTS: Record<string, object> = {
  'mq-consume': {
    ...{ queue: '', queueType: 'queue', inFlight: 1, ack: 'manual', lease: 60, rate: 0, per: 1 },
    ...{ count: 1, keyTo: 'topic', valueTo: 'payload', restore: false, dropped: false, outputs: 1 },
  },
  'mq-ack': {
    ...{ action: 'ack', actionType: 'action', delay: '', delayType: 'num', lease: 60 },
    leaseFrom: 'mqlease',
  },
  'mq-control': {
    ...{ queue: '', queueType: 'queue', action: 'peek', actionType: 'action', count: 10 },
    ...{ key: 'topic', keyType: 'msg', resultTo: 'payload' },
  },
}

describeEditor(
  'the nodes that lease items',
  (shared, it) => {
    const page = () => shared.editor.page
    const field = (property: string) => page().locator(`#node-input-${property}`)
    const row = (property: string) => page().locator(`.form-row:has(#node-input-${property})`)
    const shown = async (...properties: string[]) => {
      const seen = properties.map(async (one) => ((await row(one).isVisible()) ? [one] : []))
      return (await Promise.all(seen)).flat()
    }
    const node = <T>(id: string, property: string) =>
      shared.editor.value<T>(`RED.nodes.node("${id}").${property}`)
    /** Chooses a type, or a value, from a menu of a typed input. */
    const choose = async (
      property: string,
      menu: 'type-select' | 'option-trigger',
      value: string,
    ) => {
      const input = page().locator(`#node-input-${property} + .red-ui-typedInput-container`)
      await input.locator(`.red-ui-typedInput-${menu}`).click()
      await page().locator(`.red-ui-typedInput-options:visible a[value="${value}"]`).click()
    }
    /** Waits until a node on the canvas has a label: it is drawn a little later. */
    const isLabelled = (id: string, text: RegExp) =>
      shared.editor.node(id).locator('.red-ui-flow-node-label').filter({ hasText: text }).waitFor()

    it('stand in the palette in the order in which people meet them, in words', async () => {
      const found = await shared.editor.value<string[][]>(
        `[...document.querySelectorAll('.red-ui-palette-node[data-palette-type]')]
          .filter(({ dataset }) => dataset.paletteType.startsWith('mq-'))
          .map((node) => [node.dataset.paletteType, node.innerText.trim().replace(/\\s+/g, ' ')])`,
      )
      assert.deepEqual(found, [
        ['mq-add', 'queue add'],
        ['mq-fetch', 'queue fetch'],
        ['mq-consume', 'queue next'],
        ['mq-ack', 'queue ack'],
        ['mq-size', 'queue size'],
        ['mq-control', 'queue ctrl'],
        ['mq-pv-free', 'queue free'],
      ])
    })

    it('say on the canvas what they do', async () => {
      await isLabelled('consume', /3 at a time from calls/)
      await isLabelled('ack', /retry/)
      await isLabelled('control', /look into calls/)
    })

    it('mq-consume: its queue is picked, or named by the environment', async () => {
      await shared.editor.edit('consume')
      const input = page().locator('#node-input-queue + .red-ui-typedInput-container')
      await input.locator('.red-ui-typedInput-type-select').click()
      const offered = page().locator('.red-ui-typedInput-options:visible a')
      assert.deepEqual(
        await offered.evaluateAll((all) => all.map((one) => one.getAttribute('value'))),
        ['queue', 'env'],
      )
      await page().keyboard.press('Escape')
    })

    it('mq-consume: shows the defaults where nothing was written', async () => {
      assert.equal(await field('ack').inputValue(), 'manual')
      assert.equal(await field('inFlight').inputValue(), '3')
      assert.equal(await field('lease').getAttribute('placeholder'), '60')
      assert.equal(await field('count').getAttribute('placeholder'), '1')
    })

    it('mq-consume: shows what applies, and nothing else', async () => {
      const all = ['inFlight', 'lease', 'rate', 'per', 'count', 'keyTo', 'valueTo']
      assert.deepEqual(await shown(...all), ['inFlight', 'lease', 'rate', 'count'])
      await field('rate').fill('2')
      await field('lease').fill('long')
      await field('ack').selectOption('auto')
      assert.deepEqual(await shown(...all), ['rate', 'per', 'count'])
    })

    it('mq-consume: can be used in a narrow sidebar, with a long name of a queue', async () => {
      await shared.editor.chooseQueue(LONG)
      await assertAccessible(shared.editor, '#mqueue-node')
      await field('dropped').check()
      await shared.editor.done()
      // What does not apply is not wrong.
      assert.equal(await node('consume', 'valid'), true)
      assert.equal(await node('consume', 'outputs'), 2)
      await isLabelled('consume', /each item of a-queue/)
    })

    for (const [id, property, bad, good] of [
      ['consume', 'inFlight', ['0', '1.5', 'many'], ['1', '100', '${N}']],
      ['consume', 'lease', ['0', '86401', '-1'], ['0.5', '86400', '${N}']],
      ['consume', 'rate', ['-1', '0.5'], ['0', '1000000', '${N}']],
      ['consume', 'per', ['0', 'x'], ['0.5', '60', '${N}']],
      ['consume', 'count', ['0', 'all', '1001'], ['1', '1000', '${N}']],
      ['fetch', 'wait', ['-1', 'x'], ['0', '0.5', '${N}']],
      ['fetch', 'count', ['0', 'every', '1001'], ['all', '10', '${N}']],
      ['fetch', 'lease', ['-1', '86401'], ['0', '60', '${N}']],
      ['ack', 'delay', ['-1', '2592001'], ['', '0', '1.5', '${N}']],
      ['control', 'count', ['0', 'all'], ['1', '5000', '${N}']],
    ] as const) {
      it(`${id}: ${property} takes its numbers and no other`, async () => {
        await shared.editor.edit(id)
        if (id === 'consume') await field('ack').selectOption('manual')
        const seen = page().locator(
          id === 'ack' ? `#node-input-${property} + div input` : `#node-input-${property}`,
        )
        const isWrong = () =>
          field(property).evaluate((one) => {
            const next = one.nextElementSibling
            const typed = next?.classList.contains('red-ui-typedInput-container') ? next : one
            return typed.classList.contains('input-error')
          })
        for (const [values, wrong] of [
          [bad, true],
          [good, false],
        ] as const) {
          for (const value of values) {
            await seen.fill(value)
            await seen.blur()
            assert.equal(await isWrong(), wrong, `${property} ${value}`)
          }
        }
        await shared.editor.cancel()
      })
    }

    it('mq-ack: shows the delay for retry and the lease for extend', async () => {
      await shared.editor.edit('ack')
      const parts = ['delay', 'lease', 'leaseFrom']
      assert.deepEqual(await shown(...parts), ['delay', 'leaseFrom'])
      await choose('action', 'option-trigger', 'extend')
      assert.deepEqual(await shown(...parts), ['lease', 'leaseFrom'])
      await choose('action', 'option-trigger', 'ack')
      assert.deepEqual(await shown(...parts), ['leaseFrom'])
      await choose('action', 'type-select', 'msg')
      assert.deepEqual(await shown(...parts), parts)
      assert.equal(await field('action').inputValue(), 'mqack')
      await assertAccessible(shared.editor, '#mqueue-node')
      await shared.editor.done()
      assert.deepEqual(
        [await node('ack', 'actionType'), await node('ack', 'action')],
        ['msg', 'mqack'],
      )
      await isLabelled('ack', /as msg\.mqack says/)
    })

    it('mq-control: shows the key for remove and the number for peek', async () => {
      await shared.editor.edit('control')
      const parts = ['count', 'key', 'resultTo']
      assert.deepEqual(await shown(...parts), ['count', 'resultTo'])
      await choose('action', 'option-trigger', 'remove')
      assert.deepEqual(await shown(...parts), ['key', 'resultTo'])
      await choose('action', 'option-trigger', 'pause')
      assert.deepEqual(await shown(...parts), ['resultTo'])
      await shared.editor.done()
      assert.equal(await node('control', 'action'), 'pause')
      await isLabelled('control', /pause calls/)
    })

    it('mq-fetch and mq-size: take several, wait, lease, and tell what is leased', async () => {
      await shared.editor.edit('fetch')
      assert.deepEqual(await shown('as'), [])
      await field('count').fill('all')
      assert.deepEqual(await shown('as'), ['as'])
      await field('as').selectOption('sequence')
      await field('wait').fill('5')
      await field('lease').fill('${LEASE}')
      await shared.editor.done()
      await shared.editor.edit('size')
      await field('leased').check()
      await shared.editor.done()
    })

    it('and are deployed as they stand in the dialogs', async () => {
      const { editor, nodeRed } = shared
      await editor.deploy()
      const deployed = (await (await fetch(`${nodeRed.url}/flows`)).json()) as FlowNode[]
      const { count, as, wait, lease } = deployed.find(({ id }) => id === 'fetch') as FlowNode
      assert.deepEqual([count, as, wait, lease], ['all', 'sequence', '5', '${LEASE}'])
      assert.equal(deployed.find(({ id }) => id === 'size')?.leased, true)
      assert.deepEqual(editor.errors, [])
    })

    for (const [type, defaults] of Object.entries(DEFAULTS)) {
      it(`${type} is new with what the contract says`, async () => {
        const y = 400 + 80 * Object.keys(DEFAULTS).indexOf(type)
        const id = await shared.editor.drag(type, 300, y)
        const names = JSON.stringify(Object.keys(defaults))
        const found = await shared.editor.value<object>(
          `Object.fromEntries(${names}.map((name) => [name, RED.nodes.node("${id}")[name]]))`,
        )
        assert.deepEqual(found, defaults)
        const inputs = await node<number>(id, '_def.inputs')
        assert.equal(inputs, type === 'mq-consume' ? 0 : 1)
      })
    }
  },
  { flows },
)
