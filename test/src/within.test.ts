import assert from 'node:assert/strict'
import { within } from '../../src/within.ts'

const never = () => assert.fail('it was not late')

describe('a promise that is waited for only so long', () => {
  it('resolves or rejects as it does, when that is soon', async () => {
    assert.equal(await within(Promise.resolve(1), 60_000, never), 1)
    await assert.rejects(within(Promise.reject(new Error('no')), 60_000, never), /no/)
  })

  it('is what stands in for it, or the reason that there is nothing, when it is late', async () => {
    const hanging = () => new Promise<number>(() => {})
    assert.equal(await within(hanging(), 1, () => 2), 2)
    const late = () => {
      throw new Error('late')
    }
    await assert.rejects(within(hanging(), 1, late), /late/)
  })

  it('may still reject later, which is not an error then', async () => {
    const unhandled: unknown[] = []
    const note = (reason: unknown) => unhandled.push(reason)
    process.on('unhandledRejection', note)
    try {
      const { promise, reject } = Promise.withResolvers<number>()
      assert.equal(await within(promise, 1, () => 3), 3)
      reject(new Error('after all'))
      await new Promise((resolve) => setImmediate(resolve))
      await new Promise((resolve) => setImmediate(resolve))
      assert.deepEqual(unhandled, [])
    } finally {
      process.off('unhandledRejection', note)
    }
  })
})
