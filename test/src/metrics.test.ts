/** The counts of queues as Prometheus reads them, and the alert rules that go with them. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { metricsOf } from '../../src/metrics.ts'
import type { NodeView, QueueView } from '../../src/overview.ts'
import { Rising } from '../../src/rising.ts'
import { PROJECT } from '../support/node-red.ts'
import { processorTime } from '../support/processor-time.ts'
import { isInstalled } from '../support/redis-servers.ts'
import { requires } from '../support/required.ts'

const ALERTS = join(PROJECT, 'docs/alerts.yml')

const USED: QueueView = {
  name: 'calls',
  bound: 100,
  size: 12,
  leased: 3,
  waiting: 1,
  paused: true,
  oldest: 1234,
  added: 20,
  fetched: 2,
  acknowledged: 3,
  dropped: { overflow: 1 },
  isDeadLetters: true,
}
const UNUSABLE: QueueView = {
  name: 'kept',
  bound: 5,
  size: null,
  isDeadLetters: false,
  problem: { code: 'MQ_UNAVAILABLE', message: 'no' },
}

function metrics(queues: readonly QueueView[], more: Partial<NodeView> = {}): string {
  const node = { id: 'n1', name: '', engine: 'memory', errors: [], can: [], queues, ...more }
  return metricsOf({ time: 0, nodes: [node] })
}

/** The samples alone, without those of the node. */
const samples = (text: string) =>
  text.split('\n').filter((line) => /^mqueue_queue/.test(line) && line !== '')

/** The names of the metrics that the samples have. */
const names = (lines: readonly string[]) => [...new Set(lines.map((line) => line.split('{')[0]))]

describe('metrics', () => {
  it('never fall, except where a queue has begun again', () => {
    const rising = new Rising()
    type Counts = { added: number; fetched: number }
    const shown = (...counts: (Counts | undefined)[]) =>
      counts.map((some) => {
        const queue = some === undefined ? UNUSABLE : { ...USED, name: 'kept', ...some }
        const node = { id: 'n1', name: '', engine: 'memory', errors: [], can: [], queues: [queue] }
        const text = metricsOf({ time: 0, nodes: [node] }, rising)
        return /fetched_items_total.*} (\d+)/.exec(text)?.[1]
      })
    const of = (fetched: number, added = 20) => ({ added, fetched })
    assert.deepEqual(shown(of(1), of(0), of(1), of(2)), ['1', '1', '1', '2'])
    assert.deepEqual(shown(of(10), of(4), of(10), of(11)), ['10', '10', '10', '11'])
    // Also where the queue could not be used meanwhile.
    assert.deepEqual(shown(undefined, undefined, of(10), of(12)), [
      undefined,
      undefined,
      '11',
      '12',
    ])
    // A server that took over has missed the last changes.
    assert.deepEqual(shown(of(11, 19)), ['12'])
    assert.deepEqual(shown(of(2, 3), of(1, 3)), ['2', '2'])
  })

  it('forget a queue that is gone', () => {
    const rising = new Rising()
    assert.equal(rising.of('q', 9)('fetched', 5), 5)
    rising.keep(['other'])
    assert.equal(rising.of('q', 9)('fetched', 4), 4)
    rising.keep(['q'])
    assert.equal(rising.of('q', 9)('fetched', 3), 4)
  })

  it('are all that is known of a queue that can be used', () => {
    const of = '{node="n1",queue="calls"'
    assert.deepEqual(samples(metrics([USED])), [
      `mqueue_queue_up${of}} 1`,
      `mqueue_queue_items${of}} 12`,
      `mqueue_queue_items_max${of}} 100`,
      `mqueue_queue_leased_items${of}} 3`,
      `mqueue_queue_waiting_consumers${of}} 1`,
      `mqueue_queue_paused${of}} 1`,
      `mqueue_queue_oldest_item_age_seconds${of}} 1.234`,
      `mqueue_queue_takes_dead_letters${of}} 1`,
      `mqueue_queue_caution${of},caution="defined elsewhere"} 0`,
      `mqueue_queue_caution${of},caution="may evict"} 0`,
      `mqueue_queue_added_items_total${of}} 20`,
      `mqueue_queue_fetched_items_total${of}} 2`,
      `mqueue_queue_acknowledged_items_total${of}} 3`,
      `mqueue_queue_dropped_items_total${of},reason="overflow"} 1`,
      `mqueue_queue_dropped_items_total${of},reason="replaced"} 0`,
      `mqueue_queue_dropped_items_total${of},reason="duplicate"} 0`,
      `mqueue_queue_dropped_items_total${of},reason="full"} 0`,
      `mqueue_queue_dropped_items_total${of},reason="attempts"} 0`,
      `mqueue_queue_dropped_items_total${of},reason="rejected"} 0`,
      `mqueue_queue_dropped_items_total${of},reason="removed"} 0`,
    ])
  })

  it('leave out the counts of a queue that cannot be used, rather than show 0', () => {
    const still = ['up', 'items_max', 'takes_dead_letters'].map((name) => `mqueue_queue_${name}`)
    for (const queue of [
      UNUSABLE,
      { ...UNUSABLE, size: 7, leased: 1, paused: false, loaded: 7 },
      { ...UNUSABLE, size: 7, leased: 1, paused: false, late: true },
    ] as const) {
      const lines = samples(metrics([queue]))
      assert.deepEqual(names(lines), still)
      assert.equal(lines[0], 'mqueue_queue_up{node="n1",queue="kept"} 0')
    }
  })

  it('have what an engine without leases can tell', () => {
    const { name, bound, isDeadLetters } = UNUSABLE
    const lines = samples(metrics([{ name, bound, isDeadLetters, size: 4 }]))
    assert.ok(lines.includes('mqueue_queue_up{node="n1",queue="kept"} 1'))
    assert.ok(lines.includes('mqueue_queue_items{node="n1",queue="kept"} 4'))
    assert.ok(!lines.some((line) => line.includes('_total')))
  })

  it('have no bound of an unlimited queue, and every reason that there is', () => {
    const lines = samples(metrics([{ ...USED, bound: 0, dropped: { expired: 2 } }]))
    assert.ok(!lines.some((line) => line.startsWith('mqueue_queue_items_max')))
    const label = 'node="n1",queue="calls",reason="expired"'
    assert.ok(lines.includes(`mqueue_queue_dropped_items_total{${label}} 2`))
  })

  it('say how a config node is called, whatever stands in its name', () => {
    const name = 'a "b"\\\n\u{1f600}\ud800'
    const [info] = metrics([], { name, database: 'mysql' }).split('\n').filter(isInfo)
    const label = 'name="a \\"b\\"\\\\\\n\u{1f600}\ufffd"'
    assert.equal(info, `mqueue_engine_info{node="n1",${label},engine="memory",database="mysql"} 1`)
    const errors = metrics([], { errors: ['one', 'two'] })
    assert.match(errors, /^mqueue_engine_definition_errors\{node="n1"\} 2$/m)
  })

  it('are nothing where there is no config node', () => {
    assert.equal(metricsOf({ time: 0, nodes: [] }), '')
  })

  it('stand in docs/metrics.md, each of them', () => {
    const page = readFileSync(join(PROJECT, 'docs/metrics.md'), 'utf8')
    const listed = [...page.matchAll(/^\| `(mqueue_\w+)\{/gm)].map(([, name]) => name)
    const written = [...metrics([USED]).matchAll(/^# TYPE (\w+) (\w+)$/gm)]
    assert.deepEqual(
      listed,
      written.map(([, name]) => name),
    )
    for (const [, name, type] of written) {
      assert.match(page, new RegExp(`^\\| \`${name}\\{[^|]*\\| ${type} \\|`, 'm'))
    }
  })

  it('are made of 1,000 queues in no time', () => {
    const queues = Array.from({ length: 1_000 }, (_, i) => ({ ...USED, name: `q${i}` }))
    metrics(queues)
    const took = processorTime(() => metrics(queues))
    console.log(`      ${took.toFixed(1)} ms`)
    assert.ok(took < 5_000, `${took} ms`)
  })
})

describe('promtool', function () {
  this.timeout(180_000)
  requires(isInstalled('promtool'), 'apt-get install prometheus')

  const promtool = (args: string[], input = '') =>
    execFileSync('promtool', args, { input, encoding: 'utf8', stdio: 'pipe' })

  it('has nothing to say about the metrics', () => {
    const name = 'a "b"\\\n\u{1f600}\ud800'
    assert.equal(promtool(['check', 'metrics'], metrics([USED, UNUSABLE], { name })), '')
    // It does have something to say about what is wrong.
    assert.throws(() => promtool(['check', 'metrics'], '# TYPE items_total gauge\nitems_total 1\n'))
  })

  it('accepts the alert rules', () => {
    assert.match(promtool(['check', 'rules', ALERTS]), /SUCCESS: \d+ rules found/)
  })

  it('sees each alert fire when it should, and none when all is well', () => {
    const rules = [...readFileSync(ALERTS, 'utf8').matchAll(/- alert: (\w+)/g)]
    const expected = { good: [], bad: rules.map(([, name = '']) => name) }
    const directory = mkdtempSync(join(tmpdir(), 'mqueue-rules-'))
    try {
      for (const [state, alerts] of Object.entries(expected)) {
        const file = join(directory, `${state}.yml`)
        writeFileSync(file, JSON.stringify(ruleTests(state as 'good' | 'bad', alerts)))
        assert.match(promtool(['test', 'rules', file]), /SUCCESS/)
      }
    } finally {
      rmSync(directory, { recursive: true })
    }
  })
})

const isInfo = (line: string) => line.startsWith('mqueue_engine_info{')

/** What promtool tests the alert rules with: a queue and its metrics for two hours. JSON is YAML. */
function ruleTests(state: 'good' | 'bad', alerts: readonly string[]): object {
  const values = SERIES[state]
  const series = Object.entries(values).flatMap(([queue, metrics]) =>
    Object.entries(metrics).map(([metric, value]) => {
      const [name, more = ''] = metric.split('|')
      const labels = name === 'mqueue_engine_definition_errors' ? '' : `queue="${queue}"${more}`
      return { series: `${name}{${labels}}`, values: `${value}x120` }
    }),
  )
  const fires = [...new Set(alerts)].map((name) => ({
    expr: `count(ALERTS{alertname="${name}",alertstate="firing"})`,
    eval_time: '2h',
    exp_samples: [{ labels: '{}', value: 1 }],
  }))
  const all = {
    expr: 'count(ALERTS)',
    eval_time: '2h',
    exp_samples: alerts.length === 0 ? [] : [{ labels: '{}', value: alerts.length }],
  }
  return {
    rule_files: [ALERTS],
    evaluation_interval: '1m',
    tests: [{ interval: '1m', input_series: series, promql_expr_test: [...fires, all] }],
  }
}

/** Values in promtool's notation: where they begin, and what is added each minute. */
const SERIES: Record<'good' | 'bad', Record<string, Record<string, string>>> = {
  good: {
    calls: {
      mqueue_queue_up: '1+0',
      mqueue_queue_items: '5+0',
      mqueue_queue_items_max: '100+0',
      mqueue_queue_paused: '0+0',
      mqueue_queue_oldest_item_age_seconds: '3+0',
      mqueue_queue_takes_dead_letters: '0+0',
      'mqueue_queue_caution|,caution="may evict"': '0+0',
      mqueue_queue_fetched_items_total: '0+0',
      mqueue_queue_acknowledged_items_total: '0+1',
      'mqueue_queue_dropped_items_total|,reason="overflow"': '0+0',
      'mqueue_queue_dropped_items_total|,reason="removed"': '0+1',
      mqueue_engine_definition_errors: '0+0',
    },
  },
  bad: {
    stuck: {
      mqueue_queue_items: '95+0',
      mqueue_queue_items_max: '100+0',
      mqueue_queue_paused: '0+0',
      mqueue_queue_oldest_item_age_seconds: '3000+60',
      mqueue_queue_takes_dead_letters: '0+0',
      mqueue_queue_fetched_items_total: '7+0',
      mqueue_queue_acknowledged_items_total: '7+0',
      'mqueue_queue_dropped_items_total|,reason="overflow"': '0+1',
    },
    dead: {
      mqueue_queue_items: '1+0',
      mqueue_queue_takes_dead_letters: '1+0',
      mqueue_queue_oldest_item_age_seconds: '3000+60',
      mqueue_queue_paused: '0+0',
    },
    away: { mqueue_queue_up: '0+0' },
    held: { mqueue_queue_paused: '1+0' },
    evicting: { 'mqueue_queue_caution|,caution="may evict"': '1+0' },
    any: { mqueue_engine_definition_errors: '2+0' },
  },
}
