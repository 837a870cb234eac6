/** The words of the dialogs fit their places in every language. */
import assert from 'node:assert/strict'
import { assertNothingCut } from './cut.ts'
import { FLOW_NODES, oneOfEach } from './flows.ts'
import { describeEditor } from './in-editor.ts'
import { QueueDialog } from './queue-dialog.ts'

const flows = oneOfEach([{ name: 'calls', size: '', addmode: '', dbmode: 1 }])
const withoutConfig = flows
  .filter(({ type }) => type !== 'mqueue')
  .map((node) => ({ ...node, mqueue: '' }))

/** The heights between the rows that follow each other, in px. */
const GAPS = `(() => {
  const rows = [...document.querySelectorAll('#mqueue-node .form-row')]
    .filter((row) => row.checkVisibility() && row.getClientRects().length > 0)
    .map((row) => row.getBoundingClientRect())
  return rows.slice(1).map(({ top }, index) => Math.round(top - rows[index].bottom))
})()`

for (const locale of ['en-US', 'de', 'es-ES']) {
  describeEditor(
    `the words of the dialogs in ${locale}`,
    (shared, it) => {
      for (const [type, id] of Object.entries(FLOW_NODES)) {
        it(`are shown whole in the dialog of ${type}`, async () => {
          const { editor } = shared
          await editor.edit(id)
          await assertNothingCut(editor, '#mqueue-node').finally(() => editor.done())
        })
      }

      it('are shown whole in the dialog of mqueue, wherever its queues are', async () => {
        const { editor } = shared
        await editor.edit('add')
        const dialog = await QueueDialog.open(editor)
        await dialog.failures(0).locator('summary').click()
        for (const engine of ['memory', 'redis', 'kamailio']) {
          await dialog.form.locator('#node-config-input-engine').selectOption(engine)
          await assertNothingCut(editor, '#mqueue-config')
        }
        await dialog.done()
        await editor.done()
      })
    },
    { flows, view: { locale }, lines: ['5'] },
  )

  describeEditor(
    `the words of a dialog without a config node in ${locale}`,
    (shared, it) => {
      it('are shown whole, with the buttons beside them', async () => {
        const { editor } = shared
        await editor.edit('add')
        await assertNothingCut(editor, '#mqueue-node')
      })
    },
    { flows: withoutConfig, view: { locale } },
  )
}

describeEditor(
  'the rows of the dialogs',
  (shared, it) => {
    for (const [type, id] of Object.entries(FLOW_NODES)) {
      it(`stand at one distance in the dialog of ${type}`, async () => {
        const { editor } = shared
        await editor.edit(id)
        const gaps = await editor.value<number[]>(GAPS)
        await editor.done()
        assert.deepEqual([...new Set(gaps)], [12])
      })
    }
  },
  { flows },
)
