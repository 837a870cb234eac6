/** The five steps of the README, each done as it is written there, in an editor in which nothing is defined. */
import assert from 'node:assert/strict'
import { read } from '../support/pages.ts'
import { describeEditor } from './in-editor.ts'
import { QueueDialog } from './queue-dialog.ts'

const [, SECTION = ''] = /^## The first item in five steps\n([^#]*)/m.exec(read('README.md')) ?? []
const STEPS = [...SECTION.matchAll(/^\d\. (.*)$/gm)].map(([, step]) => step as string)

describeEditor('the five steps of the README', (shared, it) => {
  const ids: Record<string, string> = {}
  const id = (name: string) => ids[name] as string

  /** Whoever changes a step does it again. */
  const step = (number: number, text: string, body: () => Promise<void>) =>
    it(text, async () => {
      assert.equal(STEPS[number - 1], text)
      await body()
    })

  step(
    1,
    'Drag an _inject_ and a _queue add_ from the palette into a flow, and wire them: inject → queue add.',
    async () => {
      const { editor } = shared
      ids.inject = await editor.drag('inject', 140, 80)
      ids.add = await editor.drag('mq-add', 340, 80)
      await editor.wire(id('inject'), id('add'))
    },
  )

  step(
    2,
    'Double-click _queue add_, press _Define a queue…_, type `first` as the name of the queue, then press _Add_ and _Done_.',
    async () => {
      const { editor } = shared
      await editor.edit(id('add'))
      await editor.page.getByRole('button', { name: 'Define a queue…' }).click()
      const dialog = new QueueDialog(editor)
      await dialog.rows.last().locator('.mqueue-name:focus').waitFor()
      await editor.page.keyboard.type('first')
      await dialog.done()
      await editor.done()
      await editor.node(id('add')).getByText('add to first').waitFor()
    },
  )

  step(
    3,
    'Drag a _queue next_, a _queue ack_ and a _debug_ into the flow, and wire them: queue next → queue ack → debug.',
    async () => {
      const { editor } = shared
      ids.each = await editor.drag('mq-consume', 160, 180)
      ids.ack = await editor.drag('mq-ack', 400, 180)
      ids.debug = await editor.drag('debug', 600, 180)
      await editor.wire(id('each'), id('ack'))
      await editor.wire(id('ack'), id('debug'))
    },
  )

  step(4, 'Press _Deploy_, and open the debug sidebar.', async () => {
    await shared.editor.deploy()
    await shared.editor.showDebug()
  })

  step(
    5,
    'Press the button of _inject_: its timestamp waits in the queue, is handed out, and stands in the sidebar.',
    async () => {
      const { editor } = shared
      const before = Date.now()
      for (const presses of [1, 2, 3]) {
        await editor.inject(id('inject'))
        const shown = editor.page.locator('.red-ui-debug-msg-payload')
        await shown.nth(presses - 1).waitFor()
        const value = Number((await editor.debugged(id('debug'))).at(-1))
        assert.ok(value >= before && value <= Date.now(), `${value} is a timestamp of now`)
      }
      assert.deepEqual(editor.errors, [])
    },
  )
})
