import assert from 'node:assert/strict'
import { SCENARIOS } from '../examples/scenarios.ts'
import { ByMouse } from './by-mouse.ts'
import { describeEditor } from './in-editor.ts'

describeEditor('each example is imported, deployed and tried', (shared, it) => {
  for (const [name, scenario] of Object.entries(SCENARIOS)) {
    it(name, async () => {
      const { editor } = shared
      const flow = await editor.importExample(name)
      await editor.showDebug()
      await editor.deploy()
      await scenario(new ByMouse(shared, flow))
      assert.deepEqual(editor.errors, [])
      assert.doesNotMatch(shared.nodeRed.log, /\[error\]/)
    })
  }
  // The last, since what it offers stands over the flow, and is not taken.
  it('one that needs another module has the editor offer to install it', async () => {
    const { editor } = shared
    await editor.importExample('alerts-by-mail', 'needs-node-red-node-email')
    const offer = editor.page.locator('.red-ui-notification', { hasText: 'node-red-node-email' })
    await offer.getByRole('button', { name: 'Install all' }).waitFor()
  })
})
