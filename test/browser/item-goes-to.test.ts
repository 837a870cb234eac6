/** Where an item goes in a message: one choice in the dialog, three properties in the flow. */
import assert from 'node:assert/strict'
import type { FlowNode } from '../support/node-red.ts'
import { oneOfEach } from './flows.ts'
import { describeEditor } from './in-editor.ts'

describeEditor(
  'the choice of where an item goes',
  (shared, it) => {
    const page = () => shared.editor.page
    const choice = () => page().locator('#mqueue-item-goes-to')
    const row = (property: string) => page().locator(`.form-row:has(#node-input-${property})`)
    const target = (property: string) =>
      page().locator(
        `#node-input-${property} + .red-ui-typedInput-container .red-ui-typedInput-input`,
      )
    const stored = (id: string) =>
      shared.editor.value<unknown[]>(
        `['keyTo', 'valueTo', 'restore'].map((name) => RED.nodes.node('${id}')[name])`,
      )
    const isShown = async () =>
      Promise.all(['keyTo', 'valueTo', 'restore'].map((property) => row(property).isVisible()))

    for (const [id, first, pair] of [
      ['fetch', 'mqk', ['mqk', 'mqv']],
      ['consume', 'topic', ['topic', 'payload']],
    ] as const) {
      it(`${id}: is that of a new node, without the single fields`, async () => {
        await shared.editor.edit(id)
        assert.equal(await choice().inputValue(), first)
        assert.deepEqual(await isShown(), [false, false, false])
      })

      it(`${id}: puts a pair into the properties`, async () => {
        for (const [chosen, key, value] of [
          ['mqk', 'mqk', 'mqv'],
          ['topic', 'topic', 'payload'],
        ] as const) {
          await choice().selectOption(chosen)
          await shared.editor.done()
          assert.deepEqual(await stored(id), [key, value, false])
          await shared.editor.edit(id)
          assert.equal(await choice().inputValue(), chosen)
        }
      })

      it(`${id}: sends the whole message as it was`, async () => {
        await choice().selectOption(first)
        await choice().selectOption('whole')
        assert.deepEqual(await isShown(), [false, false, false])
        await shared.editor.done()
        assert.deepEqual(await stored(id), [...pair, true])
        await shared.editor.edit(id)
        assert.equal(await choice().inputValue(), 'whole')
      })

      it(`${id}: shows the single fields for other properties`, async () => {
        await choice().selectOption('other')
        assert.deepEqual(await isShown(), [true, true, true])
        await target('keyTo').fill('call.id')
        await shared.editor.done()
        assert.deepEqual(await stored(id), ['call.id', pair[1], true])
        await shared.editor.edit(id)
        assert.equal(await choice().inputValue(), 'other')
        assert.deepEqual(await isShown(), [true, true, true])
        await shared.editor.done()
      })

      it(`${id}: shows each choice again that was made over other properties`, async () => {
        for (const chosen of ['mqk', 'topic', 'whole']) {
          await shared.editor.edit(id)
          await choice().selectOption('other')
          await target('keyTo').fill('call.id')
          await choice().selectOption(chosen)
          assert.deepEqual(await isShown(), [false, false, false])
          await shared.editor.done()
          await shared.editor.edit(id)
          assert.equal(await choice().inputValue(), chosen)
          await shared.editor.done()
        }
        assert.deepEqual(await stored(id), [...pair, true])
      })
    }

    it('is not in the flow', async () => {
      const { editor, nodeRed } = shared
      await editor.deploy()
      const deployed = (await (await fetch(`${nodeRed.url}/flows`)).json()) as FlowNode[]
      for (const type of ['mq-fetch', 'mq-consume']) {
        const node = deployed.find((one) => one.type === type) ?? {}
        const defaults = await editor.value<string[]>(
          `Object.keys(RED.nodes.getType('${type}').defaults)`,
        )
        const known = new Set([...defaults, 'id', 'type', 'z', 'x', 'y', 'wires', 'd'])
        assert.deepEqual(
          Object.keys(node).filter((name) => !known.has(name)),
          [],
        )
        assert.ok(!defaults.some((name) => /item/i.test(name)))
      }
      assert.deepEqual(editor.errors, [])
    })
  },
  { flows: oneOfEach([{ name: 'calls' }]) },
)
