/** The sidebar in other colours and in other languages. */
import assert from 'node:assert/strict'
import type { FlowNode } from '../support/node-red.ts'
import { assertAccessible } from './accessibility.ts'
import { describeEditor } from './in-editor.ts'
import { SidebarTab } from './sidebar.ts'

const flows: FlowNode[] = [
  { id: 'tab', type: 'tab', label: 'Flow' },
  {
    ...{ id: 'config', type: 'mqueue', name: 'phone queues', engine: 'memory' },
    queues: [
      { name: 'calls', size: 12_000 },
      { name: 'wrong', size: -1 },
    ],
  },
  {
    ...{ id: 'in', type: 'inject', z: 'tab', once: true, x: 120, y: 80, wires: [['add']] },
    props: [{ p: 'payload' }],
    payload: 'hello',
    payloadType: 'str',
  },
  {
    ...{ id: 'add', type: 'mq-add', z: 'tab', mqueue: 'config', queue: 'calls', x: 300, y: 80 },
    ...{ queueType: 'queue', key: 'k', keyType: 'str', value: 'payload', valueType: 'msg' },
    wires: [[]],
  },
]

for (const theme of ['dark', 'light'] as const) {
  describeEditor(
    `the sidebar in the ${theme} theme`,
    (editorOf, it) => {
      it('can be read', async () => {
        const sidebar = new SidebarTab(editorOf.editor)
        await sidebar.show()
        await editorOf.editor.node('add').locator('.red-ui-flow-node').click()
        await sidebar.root.locator('[aria-current]').waitFor()
        await assertAccessible(editorOf.editor, '#mqueue-sidebar', 180)
        await sidebar.open('calls')
        await sidebar.items.locator('.mqueue-opener').click()
        await sidebar.items.locator('pre').waitFor()
        await sidebar.opened.locator('summary').click()
        await assertAccessible(editorOf.editor, '#mqueue-sidebar', 180)
        await sidebar.button('Clear').click()
        await assertAccessible(editorOf.editor, '.mqueue-question', 180)
      })
    },
    { flows, lines: ['5'], view: { theme } },
  )
}

for (const [locale, { place, size, remove, kind }] of Object.entries({
  de: { place: 'im Speicher', size: '1 / 12.000', remove: 'Entfernen: k', kind: 'Wert (Text)' },
  'es-ES': { place: 'en memoria', size: '1 / 12.000', remove: 'Quitar: k', kind: 'Valor (texto)' },
})) {
  describeEditor(
    `the sidebar in ${locale}`,
    (editorOf, it) => {
      it('speaks and counts in that language', async () => {
        const sidebar = new SidebarTab(editorOf.editor)
        await sidebar.show()
        await sidebar.root.locator('.mqueue-line-node', { hasText: place }).waitFor()
        await sidebar.line('calls').getByText(size, { exact: true }).waitFor()
        await sidebar.open('calls')
        await sidebar.items.getByRole('button', { name: remove, exact: true }).waitFor()
        await sidebar.items.locator('.mqueue-opener').click()
        await sidebar.items.getByText(kind, { exact: true }).waitFor()
        // A key where a text should be has dots and no blanks.
        assert.doesNotMatch(await sidebar.root.innerText(), /sidebar\.|__/)
      })
    },
    { flows, view: { locale } },
  )
}
