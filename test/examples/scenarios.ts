/** What a person does with each example of `examples/`, and what should come of it. */
import assert from 'node:assert/strict'
import { follow, RECIPES } from './recipes.ts'
import { type Scenario, sees, until } from './scenario.ts'

const CODED: Record<string, Scenario> = {
  async 'a-first-queue'(hands) {
    await sees(hands, 'add', 'size after the add', '1')
    await sees(hands, 'add', 'size after the add', '2')
    await sees(hands, 'sizes', 'waiting', /first"?: ?2/)
    await sees(hands, 'fetch', "the item's value", 'hello')
    await sees(hands, 'fetch', "the item's value", 'hello')
    await sees(hands, 'fetch', 'the queue is empty', /mqsize"?: ?0/)
  },

  async 'call-events-to-a-slow-worker'(hands) {
    const dropped = await until(hands, 'did not fit', (text) => text !== '')
    assert.match(dropped, /^\d+ calls? did not fit$/)
    assert.match(await until(hands, 'handled', (text) => text !== ''), /^[0-9a-f]+$/)
    const first = await until(hands, 'backlog', (text) => Number(text) > 0)
    assert.ok(Number(first) <= 20, `a backlog of ${first}`)
    await until(hands, 'backlog', (text) => text !== first)
  },

  async 'the-latest-value-per-topic'(hands) {
    await sees(hands, 'kitchen 20.5', 'sensors waiting', '1')
    await sees(hands, 'garden 12', 'sensors waiting', '2')
    await sees(hands, 'kitchen 21', 'sensors waiting', '2')
    assert.equal(await hands.next('outdated'), 'kitchen: 20.5')
    await sees(hands, 'next', 'latest', 'garden: 12')
    await sees(hands, 'next', 'latest', 'kitchen: 21')
    await sees(hands, 'next', 'nothing new', '0')
  },

  async 'first-alarm-wins'(hands) {
    await sees(hands, 'smoke in the attic', 'alarms waiting', '1')
    await sees(hands, 'door of the cellar', 'alarms waiting', '2')
    await sees(hands, 'heat in the attic', 'alarms waiting', '2')
    assert.equal(await hands.next('known already'), 'attic: heat, duplicate')
    await sees(hands, 'take an alarm', 'alarm', 'attic: smoke')
    await sees(hands, 'heat in the attic', 'alarms waiting', '2')
    await sees(hands, 'take an alarm', 'alarm', 'cellar: door')
    await sees(hands, 'take an alarm', 'alarm', 'attic: heat')
    await sees(hands, 'take an alarm', 'all quiet', '0')
  },

  async 'http-requests-answered-by-a-worker'(hands) {
    await sees(hands, 'ask', 'the reply', 'Hello Ada, a worker took its time for you.')
    const ask = async (name: number) => {
      const response = await fetch(`${hands.url}/mqueue-example?name=${name}`)
      return { name, status: response.status, text: await response.text() }
    }
    for (let refused = 0; refused === 0; ) {
      const replies = await Promise.all(Array.from({ length: 14 }, (_, name) => ask(name)))
      for (const { status, name, text } of replies) {
        if (status === 503) assert.equal(text, 'Too many are waiting. Come back later.')
        else assert.equal(text, `Hello ${name}, a worker took its time for you.`)
      }
      // Ten fit. The worker takes some in the meantime: on a busy machine as many as do not fit.
      refused = replies.filter(({ status }) => status === 503).length
      assert.ok(refused <= 4, `${refused} refused`)
    }
  },

  async 'draining-a-queue'(hands) {
    await hands.press('add')
    for (const size of ['1', '2', '3']) assert.equal(await hands.next('waiting'), size)
    await hands.press('drain')
    for (const item of ['0: first', '1: second', '2: third']) {
      assert.equal(await hands.next('item'), item)
    }
    assert.equal(await hands.next('the queue is empty'), '0')
  },

  async 'a-queue-that-survives-a-restart'(hands) {
    assert.equal(await hands.next('kept'), '0')
    await sees(hands, 'order', 'orders waiting', '1')
    await sees(hands, 'order', 'orders waiting', '2')
    await hands.crash()
    await sees(hands, 'serve', 'order', 'table 7: soup, 2 spoons')
    await sees(hands, 'serve', 'order', 'table 7: soup, 2 spoons')
    await sees(hands, 'serve', 'all served', '0')
  },

  async 'one-call-after-the-other'(hands) {
    await follow(hands, 'one-call-after-the-other')
    assert.equal(await hands.next('will be tried again'), 'bob')
  },

  async 'three-at-a-time'(hands) {
    await follow(hands, 'three-at-a-time')
    const done: string[] = []
    while (done.length < 9) done.push(await hands.next('done'))
    const pages = done.map((text) => text.replace(/, one of .*/, ''))
    assert.deepEqual(
      pages.toSorted(),
      Array.from({ length: 9 }, (_, i) => `page ${i + 1}`),
    )
    const most = Math.max(...done.map((text) => Number(text.replace(/.*one of /, ''))))
    assert.equal(most, 3, done.join('; '))
  },

  async 'ten-at-a-time-into-a-database'(hands) {
    await hands.press('25 readings')
    const written: number[] = []
    const sum = () => written.reduce((total, rows) => total + rows, 0)
    while (sum() < 25) written.push(Number(await hands.next('rows written')))
    assert.equal(sum(), 25)
    assert.equal(Math.max(...written), 10, written.join(', '))
    assert.match(
      await hands.next('statement'),
      /^insert into readings values \('sensor 1', [\d.]+\)/,
    )
  },

  async 'store-and-forward'(hands) {
    await hands.press('measure')
    const first = await hands.next('the server has')
    assert.match(first, /^\d+$/)
    assert.equal(await hands.next('forwarded'), 'taken')
    await hands.press('server away')
    await hands.press('measure')
    await hands.next('tried again')
    await hands.press('server back')
    const second = await hands.next('the server has')
    assert.ok(Number(second) > Number(first), second)
    assert.equal(await hands.next('forwarded'), 'taken')
  },

  async 'a-dead-letter-queue'(hands) {
    await follow(hands, 'a-dead-letter-queue')
    let failed = ''
    while (!failed.includes('soup')) {
      await hands.press('look')
      failed = await hands.next('given up')
    }
    await hands.press('repair the stove')
    await hands.press('send again')
    assert.equal(await hands.next('sent again'), 'soup: attempts, from orders')
    assert.equal(await hands.next('served'), 'table 2: soup')
  },

  async 'alerts-without-polling'(hands) {
    await follow(hands, 'alerts-without-polling')
    await sees(hands, 'serve', 'served', 'soup, 6 left')
    await sees(hands, 'throw away', 'thrown away', '1')
  },

  async 'at-most-two-a-second'(hands) {
    await follow(hands, 'at-most-two-a-second')
    const sent: number[] = []
    for (const text of ['1', '2', '3', '4', '5', '6']) {
      const [name, time = ''] = (await hands.next('sent')).split(' at ')
      assert.equal(name, `text ${text}`)
      sent.push(Date.parse(time))
    }
    assertPaced(sent)
  },

  async 'newest-value-per-sensor'(hands) {
    await follow(hands, 'newest-value-per-sensor')
    const last = new Map<string, string>()
    const times: number[] = []
    const sensors = ['attic', 'bath', 'cellar', 'door', 'garden']
    while (!sensors.every((sensor) => last.get(sensor) === '20')) {
      const [, sensor = '', value = '', time = ''] =
        /^(\w+): (\d+) at (.*)$/.exec(await hands.next('sent')) ?? []
      assert.notEqual(last.get(sensor), '20', `${sensor} is sent again`)
      last.set(sensor, value)
      times.push(Date.parse(time))
      assert.equal(await hands.next('the server has'), `${sensor}: ${value}`)
    }
    // A few are sent before the burst is over; a hundred readings they are not.
    assert.ok(times.length < 20, `${times.length} were sent`)
    assertPaced(times)
  },

  async 'a-timer-that-drains'(hands) {
    await follow(hands, 'a-timer-that-drains')
    for (let item = 0; item < 3; item++) {
      const freed = await hands.next('without mqk and mqv')
      assert.match(freed, /mqsize"?: ?[012]/)
      assert.doesNotMatch(freed, /mqk|"mqv"?:/)
    }
  },
}

/** The examples whose recipes say everything that they show. They are tried as the page says. */
const ON_THE_PAGE = RECIPES.filter(({ example }) => !example.includes('/'))
  .map(({ example }) => example.replace('.json', ''))
  .filter((name) => !(name in CODED))

/**
 * Makes sure that no more than two were sent a second. On a busy machine some note their time late, so that two of them
 * are close together: the first and the last count.
 */
function assertPaced(times: readonly number[]): void {
  const took = Number(times.at(-1)) - Number(times[0])
  const least = 500 * (times.length - 2)
  assert.ok(took > least - 1_000, `${took} ms for ${times.join(', ')}`)
}

export const SCENARIOS: Record<string, Scenario> = {
  ...CODED,
  ...Object.fromEntries(
    ON_THE_PAGE.map((name): [string, Scenario] => [name, (hands) => follow(hands, name)]),
  ),
}
