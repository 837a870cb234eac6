import { metricsOf } from '../src/metrics.ts'
import { Overviews, type Source } from '../src/overview.ts'

/** What is answered to those who look at queues, and do something with them, over HTTP. */
export class QueueRequests {
  readonly #overviews: Overviews

  /** @param sources returns the engines of the config nodes in use */
  constructor(sources: () => Iterable<Source>) {
    this.#overviews = new Overviews(sources)
  }

  /** All queues, as JSON. */
  async overview(): Promise<string> {
    return (await this.#overviews.latest()).json
  }

  /** The counts of all queues, as Prometheus reads them. */
  async metrics(): Promise<string> {
    return metricsOf((await this.#overviews.latest()).overview)
  }
}
