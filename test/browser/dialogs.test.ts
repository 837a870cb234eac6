/** The dialogs and the help: in each language, in both themes, for a narrow sidebar, by their names. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Line, type Options, PROJECT } from '../support/node-red.ts'
import { assertAccessible } from './accessibility.ts'
import type { View } from './editor.ts'
import { FLOW_NODES, oneOfEach } from './flows.ts'
import { describeEditor } from './in-editor.ts'
import { QueueDialog } from './queue-dialog.ts'

const flows = oneOfEach([{ name: 'calls', size: 'many', addmode: '', dbmode: 1 }])
const locales = join(PROJECT, 'nodes/locales')

function describeDialogs(
  title: string,
  language: string,
  options: Options & { view: View; lines?: Line[] },
): void {
  const catalogue = (type: string) =>
    JSON.parse(readFileSync(join(locales, language, `${type}.json`), 'utf8'))[type]
  /** The first words of a node's help. */
  const opening = (type: string) => {
    const [, line = ''] = readFileSync(join(locales, language, `${type}.html`), 'utf8').split('\n')
    return line.replace(/[`*]/g, '').slice(0, 30)
  }
  const assertSaid = (text: string, type: string, labels: string[]) => {
    for (const label of labels) assert.ok(text.includes(catalogue(type).label[label]), label)
    assert.doesNotMatch(text, /\b(mqueue|mq-[a-z-]+)\.[a-z]/)
  }

  describeEditor(
    title,
    (shared, it) => {
      for (const [type, id] of Object.entries(FLOW_NODES)) {
        it(`the dialog of ${type}`, async () => {
          const { editor } = shared
          const form = await editor.edit(id)
          const text = await form.innerText()
          await assertAccessible(editor, '#mqueue-node').finally(() => editor.done())
          assertSaid(text, type, ['name', 'mqueue', type === 'mq-ack' ? 'action' : 'queue'])
        })
      }

      it('the dialog of mqueue, with its import', async () => {
        const { editor } = shared
        await editor.edit('add')
        const dialog = await QueueDialog.open(editor)
        await dialog.form.locator('#mqueue-import-open').click()
        const lines = ['"mqueue", "name="', '"mqueue_name", "new"']
        await dialog.form
          .locator('#mqueue-import-text')
          .fill(lines.map((line) => `modparam("mqueue", ${line})`).join('\n'))
        const text = await dialog.form.innerText()
        assertSaid(text, 'mqueue', ['name', 'defaultSize', 'queues', 'database'])
        assert.equal(await dialog.problem(0), catalogue('mqueue').rule.size)
        await assertAccessible(editor, '#mqueue-config')
        await dialog.done()
        await editor.done()
      })

      it('the help', async () => {
        for (const type of ['mqueue', ...Object.keys(FLOW_NODES)]) {
          const help = await shared.editor.help(type)
          assert.ok(help.includes(opening(type)), `${opening(type)}\n${help}`)
        }
      })

      it('the canvas', async () => {
        for (const [id, text] of Object.entries({
          add: catalogue('mq-add').unnamed,
          consume: catalogue('mq-consume').unnamed.replace('__number__', '3'),
          ack: catalogue('mq-ack').unnamed.retry,
          control: catalogue('mq-control').unnamed.peek,
        })) {
          const label = text.replace('__queue__', 'calls')
          await shared.editor.node(id).filter({ hasText: label }).waitFor()
        }
        assert.deepEqual(shared.editor.errors, [])
      })
    },
    { flows, ...options },
  )
}

describeDialogs('Spanish', 'es-ES', { view: { locale: 'es-ES' } })
describeDialogs('German', 'de', { view: { locale: 'de' } })
describeDialogs('the dark theme', 'en-US', { lines: ['5'], view: { theme: 'dark' } })
