import assert from 'node:assert/strict'
import { oneOfEach } from './flows.ts'
import { describeEditor } from './in-editor.ts'

const IN = [{ p: 'payload', v: 'x', vt: 'str' }]

describeEditor(
  'the status of a consumer is shown in the language of the editor',
  (shared, it) => {
    const status = (text: string, id = 'consume') =>
      shared.editor.node(id).locator('.red-ui-flow-node-status-group').getByText(text).waitFor()

    it('with its numbers', async () => {
      await shared.editor.inject('in')
      await status('1 en curso, 0')
    })

    it('and with what a full queue has dropped', async () => {
      for (const text of ['1 / 1', '1 / 1, 1 descartados']) {
        await shared.editor.inject('full-in')
        await status(text, 'full')
      }
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
      ...oneOfEach([{ name: 'calls' }, { name: 'full', size: 1 }]).map((node) =>
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
      {
        ...{ id: 'full-in', type: 'inject', z: 'tab', name: 'full-in', props: IN, x: 400, y: 400 },
        wires: [['full']],
      },
      {
        ...{ id: 'full', type: 'mq-add', z: 'tab', mqueue: 'config', queue: 'full' },
        ...{ key: 'topic', keyType: 'msg', value: 'payload', valueType: 'msg', x: 600, y: 400 },
        wires: [[]],
      },
      { id: 'stop', type: 'inject', z: 'tab', name: 'stop', x: 80, y: 460, wires: [['control']] },
    ],
  },
)
