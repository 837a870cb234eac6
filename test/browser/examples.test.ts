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
})
