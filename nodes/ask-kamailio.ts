import type { NodeAPI } from 'node-red'
import { askKamailio } from '../src/kamailio/ask.ts'
import { serveQuestion } from './server-question.ts'

/**
 * Serves the question to a Kamailio, whose address may not be deployed yet, which queues it has:
 * `POST mqueue/ask-kamailio`.
 */
export function serveKamailioQuestion(RED: NodeAPI): void {
  serveQuestion(RED, 'ask-kamailio', ['rpcUrl'], async (place) => ({
    queues: await askKamailio(place),
  }))
}
