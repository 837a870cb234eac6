import assert from 'node:assert/strict'
import { oneOfEach } from './flows.ts'
import { describeEditor } from './in-editor.ts'

const IN = [{ p: 'payload', v: 'x', vt: 'str' }]

describeEditor(
  'the status of a consumer is shown in the language of the editor',
  (shared, it) => {
    const status = (text: string) =>
      shared.editor
        .node('consume')
        .locator('.red-ui-flow-node-status-group')
        .getByText(text)
        .waitFor()

    it('with its numbers', async () => {
      await shared.editor.inject('in')
      await status('1 en curso, 0')
    })

    it('and when the queue is paused', async () => {
      await shared.editor.inject('stop')
      await status('en pausa')
      assert.deepEqual(shared.editor.errors, [])
    })
  },
  {
    view: { locale: 'es-ES' },
    flows: [
      ...oneOfEach([{ name: 'calls' }]).map((node) =>
        node.id === 'control' ? { ...node, action: 'pause', actionType: 'action' } : node,
      ),
      {
        id: 'in',
        type: 'inject',
        z: 'tab',
        name: 'in',
        props: IN,
        x: 80,
        y: 400,
        wires: [['add']],
      },
      { id: 'stop', type: 'inject', z: 'tab', name: 'stop', x: 80, y: 460, wires: [['control']] },
    ],
  },
)
