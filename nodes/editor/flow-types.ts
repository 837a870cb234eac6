/** The types of the flow nodes. */
export const FLOW_TYPES: readonly string[] = [
  'mq-add',
  'mq-fetch',
  'mq-consume',
  'mq-ack',
  'mq-size',
  'mq-control',
  'mq-pv-free',
]
