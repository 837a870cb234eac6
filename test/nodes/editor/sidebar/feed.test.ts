import assert from 'node:assert/strict'
import { type Clock, Feed } from '../../../../nodes/editor/sidebar/feed.ts'

/** A clock that goes by hand. */
class HandClock implements Clock {
  #now = 0
  #timers: { at: number; call: () => void }[] = []

  now(): number {
    return this.#now
  }

  later(ms: number, call: () => void): unknown {
    const timer = { at: this.#now + ms, call }
    this.#timers.push(timer)
    return timer
  }

  cancel(timer: unknown): void {
    this.#timers = this.#timers.filter((other) => other !== timer)
  }

  get hasTimer(): boolean {
    return this.#timers.length > 0
  }

  /** Goes on by a time, and lets all promises settle. */
  async go(ms: number): Promise<void> {
    this.#now += ms
    const due = this.#timers.filter(({ at }) => at <= this.#now)
    this.#timers = this.#timers.filter(({ at }) => at > this.#now)
    for (const { call } of due) call()
    await new Promise(setImmediate)
  }
}

/** A feed whose questions are answered by hand. */
function makeFeed() {
  const clock = new HandClock()
  const asked: PromiseWithResolvers<number>[] = []
  const told: unknown[] = []
  const feed = new Feed<number>(
    {
      ask: () => {
        const question = Promise.withResolvers<number>()
        asked.push(question)
        return question.promise
      },
      answered: (answer) => told.push(answer),
      failed: (error) => told.push(error),
    },
    clock,
  )
  const answer = async (value: number) => {
    asked.at(-1)?.resolve(value)
    await clock.go(0)
  }
  const fail = async () => {
    asked.at(-1)?.reject('away')
    await clock.go(0)
  }
  return { clock, asked, told, feed, answer, fail }
}

describe('the feed of the sidebar', () => {
  it('asks at once when somebody looks, and then once a second', async () => {
    const { clock, asked, told, feed, answer } = makeFeed()
    await clock.go(5000)
    assert.equal(asked.length, 0)
    feed.start()
    await clock.go(0)
    assert.equal(asked.length, 1)
    await clock.go(100)
    await answer(1)
    await clock.go(899)
    assert.equal(asked.length, 1)
    await clock.go(1)
    assert.equal(asked.length, 2)
    assert.deepEqual(told, [1])
  })

  it('does not ask again before it has its answer', async () => {
    const { clock, asked, feed, answer } = makeFeed()
    feed.start()
    await clock.go(0)
    await clock.go(10_000)
    assert.equal(asked.length, 1)
    await answer(1)
    await clock.go(0)
    assert.equal(asked.length, 2)
  })

  it('asks nothing while nobody looks', async () => {
    const { clock, asked, told, feed, answer } = makeFeed()
    feed.start()
    await clock.go(0)
    await answer(1)
    feed.stop()
    await clock.go(60_000)
    assert.equal(asked.length, 1)
    assert.ok(!clock.hasTimer)
    feed.start()
    await clock.go(0)
    assert.equal(asked.length, 2)
    // An answer to come is received, and is the last one.
    feed.stop()
    await answer(2)
    await clock.go(60_000)
    assert.deepEqual([asked.length, told], [2, [1, 2]])
  })

  it('goes on where somebody looks again before the answer is there', async () => {
    const { clock, asked, feed, answer } = makeFeed()
    feed.start()
    await clock.go(0)
    feed.stop()
    feed.start()
    await answer(1)
    await clock.go(1000)
    assert.equal(asked.length, 2)
  })

  it('asks no more than once a second however often one looks', async () => {
    const { clock, asked, feed, answer } = makeFeed()
    for (let i = 0; i < 10; i++) {
      feed.start()
      await clock.go(10)
      await answer(1)
      feed.stop()
    }
    assert.equal(asked.length, 1)
  })

  it('asks less often while it fails, and once a second again when it does not', async () => {
    const { clock, asked, told, feed, answer, fail } = makeFeed()
    feed.start()
    await clock.go(0)
    for (const wait of [2000, 4000, 8000, 16_000, 30_000, 30_000]) {
      await fail()
      const before = asked.length
      await clock.go(wait - 1)
      assert.equal(asked.length, before, `${wait}`)
      await clock.go(1)
      assert.equal(asked.length, before + 1, `${wait}`)
    }
    assert.deepEqual(new Set(told), new Set(['away']))
    await answer(1)
    await clock.go(1000)
    assert.equal(asked.length, 8)
  })

  it('goes on where what is done with an answer fails', async () => {
    const clock = new HandClock()
    let asked = 0
    const told: unknown[] = []
    const feed = new Feed<number>(
      {
        ask: async () => ++asked,
        answered: (answer) => {
          if (answer === 1) throw new Error('it cannot be drawn')
          told.push(answer)
        },
        failed: (error) => told.push((error as Error).message),
      },
      clock,
    )
    feed.start()
    await clock.go(0)
    await clock.go(2000)
    assert.deepEqual(told, ['it cannot be drawn', 2])
  })

  it('asks at once after a change, also where an answer is on its way that may be old', async () => {
    const { clock, asked, feed, answer } = makeFeed()
    feed.hurry()
    assert.equal(asked.length, 0, 'nobody looks')
    feed.start()
    await clock.go(0)
    feed.hurry()
    assert.equal(asked.length, 1)
    await answer(1)
    assert.equal(asked.length, 2)
    await answer(2)
    assert.equal(asked.length, 2)
    feed.hurry()
    assert.equal(asked.length, 3)
    await answer(3)
    await clock.go(1000)
    assert.equal(asked.length, 4)
  })
})
